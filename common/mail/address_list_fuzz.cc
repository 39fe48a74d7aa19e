#include <cstdint>
#include <cstdlib>

#include "common/mail/address_list.h"

// Places are within the text and in order; completing leaves nothing to complete.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden::mail;
    std::string_view text(reinterpret_cast<const char*>(data), size);
    std::size_t before = 0;
    for (const ListedAddress& each : addresses_in(text)) {
        if (each.begin < before || each.end < each.begin || each.end > size) std::abort();
        before = each.begin;
    }
    std::string completed = complete_addresses(text, "example.org");
    if (completed.size() < size) std::abort();
    return 0;
}
