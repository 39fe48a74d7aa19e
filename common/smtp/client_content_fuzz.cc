// Content that leaves by the dot writer and comes in by the dot reader is the same, however it is cut.
#include <cstdint>
#include <cstdlib>

#include "common/smtp/client_content.h"
#include "common/smtp/dot_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden::smtp;
    if (size < 2) return 0;
    const std::size_t cut = data[0] + 1U;
    const std::size_t limit = data[1] < 4 ? 0 : data[1];
    // What the spool holds: CRLF as the only line end.
    std::string content;
    for (char c : std::string_view(reinterpret_cast<const char*>(data) + 2, size - 2)) {
        if (c == '\n')
            content += "\r\n";
        else if (c != '\r')
            content += c;
    }
    DotWriter writer(limit);
    std::string wire;
    for (std::size_t at = 0; at < content.size(); at += cut)
        writer.write(std::string_view(content).substr(at, cut), wire);
    writer.finish(wire);
    DotReader reader;
    std::string back;
    if (reader.consume(wire, back) != wire.size() || !reader.done()) std::abort();
    if (!content.empty() && !content.ends_with('\n')) content += "\r\n";
    if (limit == 0 && back != content) std::abort();
    if (limit != 0 && reader.facts().longest_line > limit) std::abort();
    return 0;
}
