#include "common/mailbox/mbox_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace ekiden::mailbox {
namespace {

std::vector<MboxMessage> parse(std::string_view file, std::size_t step = 1000) {
    std::vector<MboxMessage> messages;
    MboxParser parser([&](MboxMessage&& message) { messages.push_back(std::move(message)); });
    for (std::size_t at = 0; at < file.size(); at += step) parser.feed(file.substr(at, step));
    parser.finish();
    return messages;
}

// The contents of the messages, and each one's octets on the wire.
std::vector<std::pair<std::string, std::uint64_t>> contents(std::string_view file, std::size_t step = 1000) {
    std::vector<std::pair<std::string, std::uint64_t>> out;
    for (const MboxMessage& m : parse(file, step))
        out.emplace_back(file.substr(m.content, m.size), m.wire_size);
    return out;
}

TEST(MboxParser, WhereMessagesBeginAndEnd) {
    using Contents = std::vector<std::pair<std::string, std::uint64_t>>;
    struct Case {
        std::string_view file;
        Contents wanted;
    };
    for (const Case& c : std::initializer_list<Case>{
             {"", {}},
             {"\n\n", {}},
             {"no mbox\nat all\n", {}},
             {"From a\nA: b\n\nx\n\n", {{"A: b\n\nx\n", 11}}},
             {"From a\nA: b\n\nx\n\nFrom b\nC: d\n\n", {{"A: b\n\nx\n", 11}, {"C: d\n", 6}}},
             {"From a\nA: b\n\nx\nFrom here on\n\n", {{"A: b\n\nx\nFrom here on\n", 25}}},
             {"From a\nA: b\n\nx\n\n>From here\n\n", {{"A: b\n\nx\n\n>From here\n", 25}}},
             {"From a\nA: b\n\n\n\n\nFrom b\n\n\n\n", {{"A: b\n\n\n\n", 12}, {"\n\n", 4}}},
             {"From a\n\nFrom b\n", {{"", 0}, {"", 0}}},
             {"From a\nA: b\n\nno end", {{"A: b\n\nno end", 16}}},
             {"From a\nA: b\n\nno end\r", {{"A: b\n\nno end\r", 16}}},
             {"From a\r\nA: b\r\n\r\nx\r\n\r\nFrom b\r\n", {{"A: b\r\n\r\nx\r\n", 11}, {"", 0}}},
             {"junk\n\nFrom a\nA: b\n\n", {{"A: b\n", 6}}},
             {"From", {}},
             {"From ", {{"", 0}}},
             {"From a\nContent-Length: 1000\n\nx\n\nFrom b\n\n",
              {{"Content-Length: 1000\n\nx\n", 27}, {"", 0}}}})
        for (std::size_t step = 1; step <= c.file.size() + 1; ++step)
            EXPECT_EQ(contents(c.file, step), c.wanted) << c.file << " in chunks of " << step;
}

TEST(MboxParser, EntriesLieOneBehindTheOther) {
    std::string_view file = "junk\n\nFrom a\nA: b\n\nx\n\n\nFrom b\nC: d\n\nFrom c\n";
    std::vector<MboxMessage> messages = parse(file);
    ASSERT_EQ(messages.size(), 3u);
    EXPECT_EQ(messages[0].start, 6u);
    EXPECT_EQ(messages[0].end, messages[1].start);
    EXPECT_EQ(messages[1].end, messages[2].start);
    EXPECT_EQ(messages[2].end, file.size());
}

TEST(MboxParser, TheDigestIsOfWhatStays) {
    auto digest = [](std::string_view content) {
        return parse("From a\n" + std::string(content) + "\n").at(0).digest.text();
    };
    std::string plain = digest("Subject: x\nTo: y\n\nbody\n");
    EXPECT_EQ(plain.size(), 32u);
    for (std::string_view same :
         {"Subject: x\nTo: y\nStatus: RO\nX-UID: 12\n\nbody\n", "STATUS: O\nSubject: x\nTo: y\n\nbody\n",
          "Subject: x\nX-Keywords: a\n b\n\tc\nTo: y\nContent-Length: 5\nX-UIDL: abc\n\nbody\n",
          "Subject: x\r\nTo: y\r\n\r\nbody\r\n"})
        EXPECT_EQ(digest(same), plain) << same;
    for (std::string_view other :
         {"Subject: x\nTo: z\n\nbody\n", "Subject: x\nTo: y\n\nBody\n", "Subject: x\nTo: y\n\n",
          "Subject: x\n Status: RO\nTo: y\n\nbody\n", "Subject: x\nTo: y\n\nStatus: RO\nbody\n"})
        EXPECT_NE(digest(other), plain) << other;
    std::string large(5000, 'x');
    EXPECT_NE(digest("A: b\n\n" + large + "\n"), digest("A: b\n\n" + large + "y\n")) << "the size counts";
}

TEST(MboxParser, IdsOfOlderServers) {
    auto id = [](std::string_view line) {
        return parse("From a\n" + std::string(line) + "\n\nbody\n\n").at(0).x_uidl;
    };
    EXPECT_EQ(id("X-UIDL: 8b2!\"#$"), "8b2!\"#$");
    EXPECT_EQ(id("x-uidl:abc  "), "abc");
    EXPECT_EQ(id("X-UIDL: a b"), "");
    EXPECT_EQ(id("X-UIDL: " + std::string(71, 'a')), "");
    EXPECT_EQ(id("Subject: x\n\nX-UIDL: abc"), "");
}

}  // namespace
}  // namespace ekiden::mailbox
