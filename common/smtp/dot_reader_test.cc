#include "common/smtp/dot_reader.h"

#include <gtest/gtest.h>

#include "common/smtp/dot_reader_model.h"

namespace ekiden::smtp {
namespace {

struct Got {
    std::string content;
    std::size_t used = 0;
    ContentFacts facts;
    bool done = false;
};

// Feeds `input` in pieces of `step` octets; the first piece has `first`.
Got read(std::string_view input, std::size_t first, std::size_t step) {
    Got got;
    DotReader reader;
    std::size_t piece = first;
    while (got.used < input.size() && !reader.done()) {
        got.used += reader.consume(input.substr(got.used, piece), got.content);
        piece = step;
    }
    got.facts = reader.facts();
    got.done = reader.done();
    return got;
}

Got read(std::string_view input) { return read(input, input.size(), input.size()); }

TEST(DotReader, UnstuffsAndStops) {
    Got got = read("Subject: x\r\n\r\n..dot\r\n.x\r\n.\r\nQUIT\r\n");
    EXPECT_TRUE(got.done);
    EXPECT_EQ(got.content, "Subject: x\r\n\r\n.dot\r\nx\r\n");
    EXPECT_EQ(got.used, 28u);
    EXPECT_EQ(got.facts.size, got.content.size());
    EXPECT_EQ(got.facts.header_end, 14u);
    EXPECT_EQ(got.facts.longest_line, 10u);
    EXPECT_TRUE(got.facts.dot_line);
    EXPECT_FALSE(got.facts.eight_bit || got.facts.nul || got.facts.bare_lf || got.facts.bare_cr);
}

TEST(DotReader, EmptyContent) {
    Got got = read(".\r\n");
    EXPECT_TRUE(got.done);
    EXPECT_EQ(got.content, "");
    EXPECT_EQ(got.facts.header_end, 0u);
}

TEST(DotReader, NothingButCrlfDotCrlfEnds) {
    const std::string_view with_nul("x\r\n\0.\r\n", 7);
    const std::string_view cases[] = {"x\n.\n",   "x\n.\r\n",     "x\r\n.\n", "x\r.\r",
                                      "x\r\n.\r", "x\n.\r\nMAIL", with_nul};
    for (std::string_view smuggled : cases) EXPECT_FALSE(read(smuggled).done) << smuggled;
}

TEST(DotReader, BareLineEndsAreMadeWholeAndReported) {
    Got got = read("a\nb\rc\r\n.\r\n");
    EXPECT_EQ(got.content, "a\r\nb c\r\n");
    EXPECT_TRUE(got.facts.bare_lf);
    EXPECT_TRUE(got.facts.bare_cr);
    got = read("a\r\r\n.\r\n");
    EXPECT_EQ(got.content, "a \r\n");
    EXPECT_TRUE(got.facts.bare_cr);
}

TEST(DotReader, FactsOfTheBody) {
    Got got = read(std::string_view("caf\xc3\xa9\0\r\n.\r\n", 11));
    EXPECT_TRUE(got.facts.eight_bit);
    EXPECT_TRUE(got.facts.nul);
    EXPECT_EQ(got.facts.header_end, got.facts.size);
}

// Every string of up to seven octets over the dangerous alphabet, the terminator appended, in every way of
// cutting it into two, and octet by octet: reader and model agree, and no bare CR or LF comes out.
TEST(DotReader, SmugglingMatrix) {
    constexpr char alphabet[] = {'\r', '\n', '.', '\0', 'x'};
    for (std::size_t length = 0; length <= 6; ++length) {
        std::size_t count = 1;
        for (std::size_t i = 0; i < length; ++i) count *= 5;
        for (std::size_t number = 0; number < count; ++number) {
            std::string input;
            for (std::size_t i = 0, n = number; i < length; ++i, n /= 5) input += alphabet[n % 5];
            input += "\r\n.\r\n";
            std::optional<ModelContent> model = model_of_content(input);
            ASSERT_TRUE(model);
            for (std::size_t first = 1; first <= input.size(); ++first) {
                Got got = read(input, first, first == 1 ? 1 : input.size());
                ASSERT_TRUE(got.done);
                ASSERT_EQ(got.content, model->content)
                    << testing::PrintToString(input) << " cut at " << first;
                ASSERT_EQ(got.used, model->used);
                ASSERT_EQ(got.facts.size, got.content.size());
            }
        }
    }
}

}  // namespace
}  // namespace ekiden::smtp
