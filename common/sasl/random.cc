#include "common/sasl/random.h"

#include <sodium.h>

#include <cstdlib>

namespace ekiden::sasl {

void initialize() {
    if (sodium_init() < 0) std::abort();
}

std::string random_octets(std::size_t count) {
    std::string octets(count, '\0');
    randombytes_buf(octets.data(), octets.size());
    return octets;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    return a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace ekiden::sasl
