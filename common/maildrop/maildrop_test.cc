#include <gtest/gtest.h>

#include "common/maildrop/reader.h"

namespace ekiden::maildrop {
namespace {

Envelope full_envelope() {
    Envelope e;
    e.sender = "alice";
    e.full_name = "Alice Ä";
    e.envelope_id = "x1";
    e.return_content = 2;
    e.body = "8BITMIME";
    e.verp = "+=";
    e.trace = Trace::report;
    e.gateway = true;
    e.recipients = {{"bob@example.net", 6}, {"", 0}};
    return e;
}

std::string file_of(const Envelope& e, std::string_view content) {
    return print(e) + content_record(content) + end_record(e.recipients.size(), content.size());
}

TEST(Maildrop, WhatIsPrintedIsRead) {
    Envelope small;
    small.recipients = {{"a", 0}};
    for (const Envelope& e : {full_envelope(), small}) {
        std::string file = file_of(e, "Subject: x\n\n");
        for (std::size_t step : {std::size_t{1}, std::size_t{7}, file.size()}) {
            Reader reader;
            std::string content;
            for (std::size_t at = 0; at < file.size(); at += step) {
                EXPECT_FALSE(reader.done());
                Result<> taken = reader.take(std::string_view(file).substr(at, step), content);
                ASSERT_TRUE(taken) << taken.error().text;
            }
            EXPECT_TRUE(reader.done());
            EXPECT_TRUE(reader.envelope_complete());
            EXPECT_EQ(reader.envelope(), e);
            EXPECT_EQ(content, "Subject: x\n\n");
        }
    }
}

TEST(Maildrop, TheFormIsThatOfTheDocument) {
    Envelope e;
    e.sender = "alice";
    e.recipients = {{"bob@example.net", 4}};
    EXPECT_EQ(file_of(e, "x\n"), "EKIDEN-DROP 1\ns5:alice\nr17:4 bob@example.net\nc2:x\n\nz3:1 2\n");
}

TEST(Maildrop, TheEnvelopeIsCompleteWhenContentBegins) {
    Reader reader;
    std::string content;
    ASSERT_TRUE(reader.take("EKIDEN-DROP 1\ns0:\nr3:0 a\n", content));
    EXPECT_FALSE(reader.envelope_complete());
    ASSERT_TRUE(reader.take("c", content));
    EXPECT_TRUE(reader.envelope_complete());
}

TEST(Maildrop, WhatIsWrongIsNamed) {
    const std::string head = "EKIDEN-DROP 1\n", good = head + "s0:\nr3:0 a\n";
    const std::pair<std::string, std::string> cases[] = {
        {"EKIDEN-DROP 2\n", "version"},
        {std::string("\0", 1), "version"},
        {head + "r3:0 a\n", "no sender"},
        {head + "q1:x\n", "unknown record"},
        {head + "s0:\ns0:\n", "out of order"},
        {head + "s0:\ne1:x\nn1:x\n", "out of order"},
        {good + "c1:x\nr3:0 b\n", "out of order"},
        {head + "s:", "bad length"},
        {head + "s-1:", "bad length"},
        {head + "s000001:", "bad length"},
        {head + "s1001:", "too long"},
        {good + "c65537:", "too long"},
        {head + "s1:\n\n", "control characters"},
        {head + "s3:a\x7f"
                "b\n",
         "control characters"},
        {head + "s1:ab", "line end"},
        {head + "s0:\nh4:both\n", "bad value"},
        {head + "s0:\nx3:abc\n", "bad value"},
        {head + "s0:\nr1:a\n", "bad recipient"},
        {head + "s0:\nr4:16 a\n", "bad recipient"},
        {head + "s0:\nz3:0 0\n", "no recipients"},
        {good + "z3:2 0\n", "does not count"},
        {good + "c1:x\nz3:1 0\n", "does not count"},
        {good + "z3:1 0\nc1:x\n", "behind the end"},
    };
    for (const auto& [file, why] : cases) {
        Reader reader;
        std::string content;
        Result<> taken = reader.take(file, content);
        ASSERT_FALSE(taken) << file;
        EXPECT_NE(taken.error().text.find(why), std::string::npos) << file << ": " << taken.error().text;
        EXPECT_FALSE(reader.done());
    }
}

TEST(Maildrop, RecipientsAreBounded) {
    Reader reader;
    std::string content;
    ASSERT_TRUE(reader.take("EKIDEN-DROP 1\ns0:\n", content));
    for (std::size_t i = 0; i < limits::recipients; ++i) ASSERT_TRUE(reader.take("r3:0 a\n", content));
    EXPECT_FALSE(reader.take("r3:0 a\n", content));
}

TEST(Maildrop, CleanText) {
    EXPECT_TRUE(is_clean("Ä b", 10));
    EXPECT_FALSE(is_clean("a\nb", 10));
    EXPECT_FALSE(is_clean("abc", 2));
}

}  // namespace
}  // namespace ekiden::maildrop
