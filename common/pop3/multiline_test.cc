#include "common/pop3/multiline.h"

#include <gtest/gtest.h>

namespace ekiden::pop3 {
namespace {

// The same at every chunk size.
void expect(std::string_view content, std::optional<std::uint32_t> lines, std::string_view wanted) {
    for (std::size_t chunk = 1; chunk <= content.size() + 1; ++chunk) {
        MultilineEncoder encoder(lines);
        std::string out;
        for (std::size_t at = 0; at < content.size(); at += chunk)
            encoder.feed(content.substr(at, chunk), out);
        encoder.finish(out);
        EXPECT_EQ(out, wanted) << "chunks of " << chunk;
    }
}

TEST(Multiline, LfAndCrlfGiveTheSame) {
    expect("A: b\n\nx\n", std::nullopt, "A: b\r\n\r\nx\r\n.\r\n");
    expect("A: b\r\n\r\nx\r\n", std::nullopt, "A: b\r\n\r\nx\r\n.\r\n");
}

TEST(Multiline, Dots) { expect(".\n..\n.x\nx.\n", std::nullopt, "..\r\n...\r\n..x\r\nx.\r\n.\r\n"); }

TEST(Multiline, LastLineWithoutEnd) {
    expect("a\nb", std::nullopt, "a\r\nb\r\n.\r\n");
    expect("a\r", std::nullopt, "a\r\n.\r\n");
    expect("", std::nullopt, ".\r\n");
}

TEST(Multiline, CrInsideALineStays) { expect("a\rb\n\r\rc\n", std::nullopt, "a\rb\r\n\r\rc\r\n.\r\n"); }

TEST(Multiline, Top) {
    std::string_view message = "A: b\nC: d\n\n1\n.2\n3\n";
    expect(message, 0, "A: b\r\nC: d\r\n\r\n.\r\n");
    expect(message, 2, "A: b\r\nC: d\r\n\r\n1\r\n..2\r\n.\r\n");
    expect(message, 100, "A: b\r\nC: d\r\n\r\n1\r\n..2\r\n3\r\n.\r\n");
    expect("A: b\n", 5, "A: b\r\n.\r\n");
}

}  // namespace
}  // namespace ekiden::pop3
