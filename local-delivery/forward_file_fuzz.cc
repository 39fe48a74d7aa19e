// Arbitrary .forward files: whatever they say, what was read can be written as one line and read again.
#include <cstdint>
#include <cstdlib>

#include "local-delivery/forward_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden;
    auto targets =
        local_delivery::parse_destinations(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!targets || targets->empty()) return 0;
    // Printing may add quotes and so go beyond the limits.
    std::string printed = mail::print(*targets);
    if (printed.size() > mail::limits::alias_value) return 0;
    auto again = local_delivery::parse_destinations(printed + "\n");
    if (!again || *again != *targets) abort();
    return 0;
}
