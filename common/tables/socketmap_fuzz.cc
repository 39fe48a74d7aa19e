// What a socketmap server may send: a netstring is within what was sent, and every content has a meaning.
#include <cstdlib>

#include "common/tables/socketmap_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden;
    std::string_view input(reinterpret_cast<const char*>(data), size);
    auto taken = tables::take_netstring(input, tables::limits::socketmap_reply);
    if (!taken || !*taken) return 0;
    if ((*taken)->taken > size || (*taken)->content.size() >= size) std::abort();
    auto found = tables::read_socketmap_reply((*taken)->content);
    if (found && *found && (*found)->size() > tables::limits::value) std::abort();
    return 0;
}
