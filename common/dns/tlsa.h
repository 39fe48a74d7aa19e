#pragma once
// TLSA records (RFC 6698 §2.1): parsed here, used by nobody yet who would trust them; a DANE check must also
// demand that the answer was secure.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace ekiden::dns {

struct TlsaRecord {
    std::uint8_t usage = 0;          // 2 DANE-TA, 3 DANE-EE; 0 and 1 are not for SMTP (RFC 7672 §3.1.3)
    std::uint8_t selector = 0;       // 0 the certificate, 1 its public key
    std::uint8_t matching_type = 0;  // 0 the data itself, 1 SHA-256, 2 SHA-512
    std::string data;                // octets
    // Fit for SMTP as RFC 7672 §3.1 says.
    bool usable() const { return (usage == 2 || usage == 3) && selector <= 1 && matching_type <= 2; }
    bool operator==(const TlsaRecord&) const = default;
};

// malformed: too short, or a digest of the wrong length for its matching type.
Result<TlsaRecord> parse_tlsa(std::string_view rdata);

}  // namespace ekiden::dns
