#pragma once
// How much TLS is asked for: of clients by our servers, of servers by our client.
#include <cstdint>

#include "common/config/settings.h"

namespace ekiden::smtp {

enum class TlsLevel : std::uint8_t { none, may, encrypt };

// What a *_tls_security_level says. An error names the parameter: less than was asked for is not done
// silently.
Result<TlsLevel> tls_level_of(const Param<std::string>& parameter, const Settings& settings);

}  // namespace ekiden::smtp
