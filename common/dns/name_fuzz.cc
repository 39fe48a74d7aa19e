// Names: what parses prints to what parses to the same.
#include <cstdint>
#include <cstdlib>

#include "common/dns/name.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden::dns;
    std::string_view input(reinterpret_cast<const char*>(data), size);
    (void)is_host_name(input);
    if (auto name = name_from_wire(input)) {
        auto wire = name_to_wire(*name);
        if (!wire || *name_from_wire(*wire) != *name) std::abort();
    }
    if (auto wire = name_to_wire(input)) {
        if (wire->size() > wire_name_limit) std::abort();
        auto name = name_from_wire(*wire);
        if (!name || name_to_wire(*name)->size() != wire->size()) std::abort();
    }
    return 0;
}
