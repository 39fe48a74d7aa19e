#include <cstdint>
#include <cstdlib>

#include "common/smtp/reply.h"

// A peer's lines, separated by LF: what was read prints to something that reads the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden;
    std::string_view input(reinterpret_cast<const char*>(data), size);
    smtp::ReplyReader reader;
    while (!input.empty()) {
        std::size_t end = input.find('\n');
        Result<bool> complete = reader.feed(input.substr(0, end));
        if (!complete) return 0;
        if (*complete) {
            smtp::Reply reply = reader.take();
            smtp::ReplyReader second;
            std::string printed = reply.print();
            Result<bool> done = false;
            for (std::size_t at = 0; at < printed.size() && done && !*done;) {
                std::size_t stop = printed.find("\r\n", at);
                done = second.feed(std::string_view(printed).substr(at, stop - at));
                at = stop + 2;
            }
            if (!done || !*done || second.take() != reply) std::abort();
        }
        input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    }
    return 0;
}
