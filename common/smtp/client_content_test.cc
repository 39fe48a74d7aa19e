#include "common/smtp/client_content.h"

#include <gtest/gtest.h>

namespace ekiden::smtp {
namespace {

std::string on_the_wire(std::string_view content, std::size_t chunk, std::size_t limit = 0) {
    DotWriter writer(limit);
    std::string out;
    for (std::size_t at = 0; at < content.size(); at += chunk) writer.write(content.substr(at, chunk), out);
    writer.finish(out);
    return out;
}

TEST(DotWriter, StuffsWhereverChunksAreCut) {
    struct Case {
        std::string_view content, wire;
    };
    const Case cases[] = {
        {"", ".\r\n"},
        {"a\r\n", "a\r\n.\r\n"},
        {"a", "a\r\n.\r\n"},
        {".\r\n", "..\r\n.\r\n"},
        {".a\r\n..b\r\nc.\r\n", "..a\r\n...b\r\nc.\r\n.\r\n"},
        {"\r\n.\r\n\r\n", "\r\n..\r\n\r\n.\r\n"},
        {"a\r\n.", "a\r\n..\r\n.\r\n"},
    };
    for (const Case& c : cases)
        for (std::size_t chunk = 1; chunk <= c.content.size() + 1; ++chunk)
            EXPECT_EQ(on_the_wire(c.content, chunk), c.wire) << c.content << " in chunks of " << chunk;
}

TEST(DotWriter, BreaksLongLines) {
    const std::string content = "abcdefgh\r\nabcd\r\n.bcdefg\r\n";
    for (std::size_t chunk = 1; chunk <= content.size(); ++chunk)
        EXPECT_EQ(on_the_wire(content, chunk, 4), "abcd\r\n efg\r\n h\r\nabcd\r\n..bcd\r\n efg\r\n.\r\n");
}

}  // namespace
}  // namespace ekiden::smtp
