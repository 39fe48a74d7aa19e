// What a server says to EHLO, line by line as it came.
#include <cstdint>

#include "common/smtp/client.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden::smtp;
    std::string_view input(reinterpret_cast<const char*>(data), size);
    ReplyReader reader;
    while (!input.empty()) {
        const std::size_t end = input.find('\n');
        auto complete = reader.feed(input.substr(0, end));
        if (!complete) return 0;
        if (*complete) (void)read_offers(reader.take(), {"CHUNKING"});
        input = end == std::string_view::npos ? std::string_view() : input.substr(end + 1);
    }
    return 0;
}
