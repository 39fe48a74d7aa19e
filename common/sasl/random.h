#pragma once
// Unpredictable octets and comparison that takes the same time wherever the difference is. libsodium lives in
// this folder alone.
#include <cstddef>
#include <string>
#include <string_view>

namespace ekiden::sasl {

// Must be called once before anything else here, and before the sandbox (it may look for a random device).
// Aborts when the machine has no source of randomness: nothing here could be kept safely. Calling it again
// does nothing.
void initialize();

std::string random_octets(std::size_t count);

// Equal length and octets, without telling by time how many were right.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace ekiden::sasl
