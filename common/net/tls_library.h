#pragma once
// What the TLS library says of itself.
#include <string>
#include <vector>

namespace ekiden::net {

// The version this was built with, and the one it runs with, as `openssl version` prints them.
std::string tls_version_at_build();
std::string tls_version_now();

// The kinds of keys that certificates may have, in small letters.
std::vector<std::string> tls_key_algorithms();

}  // namespace ekiden::net
