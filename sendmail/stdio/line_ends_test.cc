#include "sendmail/stdio/line_ends.h"

#include <gtest/gtest.h>

#include <utility>

namespace ekiden::stdio {
namespace {

TEST(LineEnds, TheFirstDecides) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"HELO x\nDATA\na\n.\n", "HELO x\r\nDATA\r\na\r\n.\r\n"},
        {"HELO x\r\nDATA\r\na\n.\n\r\n.\r\n", "HELO x\r\nDATA\r\na\n.\n\r\n.\r\n"},
        {"\nx\r\ny\n", "\r\nx\r\ny\r\n"},
        {"a\rb\n", "a\rb\r\n"},
        {"no end", "no end"},
        {"", ""},
    };
    for (const auto& [text, wanted] : cases)
        for (std::size_t step : {1, 2, 1000}) {
            LineEnds line_ends;
            std::string out;
            for (std::size_t at = 0; at < text.size(); at += step)
                out += line_ends.fix(text.substr(at, step));
            EXPECT_EQ(out, wanted) << step;
        }
}

}  // namespace
}  // namespace ekiden::stdio
