#include <cstdint>
#include <cstdlib>

#include "common/mail/alias.h"

// Whatever is taken prints to something that parses to the same destinations.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden;
    auto targets = mail::parse_alias_value({reinterpret_cast<const char*>(data), size});
    if (!targets) return 0;
    // Printing may add quotes and so go beyond the limit of the whole.
    std::string printed = mail::print(*targets);
    if (printed.size() > mail::limits::alias_value) return 0;
    auto again = mail::parse_alias_value(printed);
    if (!again || *again != *targets) std::abort();
    return 0;
}
