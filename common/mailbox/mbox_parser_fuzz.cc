#include <cstdlib>
#include <vector>

#include "common/mailbox/mbox_parser.h"

// Wherever the file is cut into chunks, the messages are the same; they lie one behind the other within it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using ekiden::mailbox::MboxMessage;
    using ekiden::mailbox::MboxParser;
    if (size < 1) return 0;
    std::string_view file(reinterpret_cast<const char*>(data) + 1, size - 1);
    auto parse = [&](std::size_t step) {
        std::vector<MboxMessage> messages;
        MboxParser parser([&](MboxMessage&& message) { messages.push_back(std::move(message)); });
        for (std::size_t at = 0; at < file.size(); at += step) parser.feed(file.substr(at, step));
        parser.finish();
        return messages;
    };
    std::vector<MboxMessage> whole = parse(size), pieces = parse(data[0] + 1u);
    if (whole.size() != pieces.size()) std::abort();
    std::uint64_t at = whole.empty() ? 0 : whole.front().start;
    for (std::size_t i = 0; i < whole.size(); ++i) {
        const MboxMessage &one = whole[i], &other = pieces[i];
        if (one.start != at || one.content < one.start + 5 || one.content + one.size > one.end) std::abort();
        if (one.end > file.size() || file.substr(one.start, 5) != "From ") std::abort();
        if (one.wire_size < one.size || one.wire_size > 2 * one.size + 2) std::abort();
        if (one.start != other.start || one.size != other.size || one.wire_size != other.wire_size ||
            one.end != other.end || one.digest != other.digest || one.x_uidl != other.x_uidl)
            std::abort();
        at = one.end;
    }
    if (!whole.empty() && at != file.size()) std::abort();
    return 0;
}
