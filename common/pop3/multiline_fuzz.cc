#include <cstdlib>

#include "common/pop3/multiline.h"

// Whatever the content and wherever it is cut, the reply ends with the only line that is a single dot.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    std::string_view content(reinterpret_cast<const char*>(data) + 1, size - 1);
    std::size_t chunk = data[0] + 1u;
    ekiden::pop3::MultilineEncoder encoder;
    std::string out = "\r\n";
    for (std::size_t at = 0; at < content.size(); at += chunk) encoder.feed(content.substr(at, chunk), out);
    encoder.finish(out);
    if (out.find("\r\n.\r\n") != out.size() - 5) std::abort();
    return 0;
}
