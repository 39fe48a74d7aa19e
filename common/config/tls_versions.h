#pragma once
// What smtpd_tls_protocols and its like ask for. Postfix's grammar: `>=TLSv1.3`, `<=TLSv1.2`, `!TLSv1.1`, or
// plain names, of which then only those named are used. TLS 1.2 is the least there is (RFC 8996), whatever
// the list says.
#include <string_view>

#include "common/base/error.h"
#include "common/config/settings.h"

namespace ekiden::config {

struct TlsVersions {
    std::string_view lowest = "TLSv1.2";
    std::string_view highest = "TLSv1.3";
    bool asks_for_older = false;  // the list names a version below TLSv1.2 as wanted

    bool operator==(const TlsVersions&) const = default;
};

// Malformed for names that are no version, and for lists that leave neither TLSv1.2 nor TLSv1.3.
Result<TlsVersions> tls_versions(const List& list);

// The parameters that are such a list.
inline constexpr const Param<List>* tls_version_lists[] = {
    &param::smtpd_tls_protocols, &param::smtpd_tls_mandatory_protocols, &param::smtp_tls_protocols,
    &param::smtp_tls_mandatory_protocols};

}  // namespace ekiden::config
