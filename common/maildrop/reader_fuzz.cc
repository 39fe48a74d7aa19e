#include <cstdint>
#include <cstdlib>

#include "common/maildrop/reader.h"

// A file in one piece and octet by octet must read the same; what was whole is printed and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden::maildrop;
    std::string_view input(reinterpret_cast<const char*>(data), size);
    Reader whole, pieces;
    std::string content, same;
    bool taken = whole.take(input, content).has_value(), cut = true;
    for (std::size_t at = 0; at < size && cut; ++at) cut = pieces.take(input.substr(at, 1), same).has_value();
    if (taken != cut || whole.done() != pieces.done() || content != same) std::abort();
    if (!taken || !whole.done()) return 0;
    const Envelope& e = whole.envelope();
    std::string again = print(e);
    for (std::size_t at = 0; at < content.size(); at += limits::record)
        again += content_record(std::string_view(content).substr(at, limits::record));
    again += end_record(e.recipients.size(), content.size());
    Reader reread;
    std::string second;
    if (!reread.take(again, second) || !reread.done() || !(reread.envelope() == e) || second != content)
        std::abort();
    return 0;
}
