#include "common/smtp/content.h"

#include <gtest/gtest.h>

#include "tests/support/scripted_house.h"

namespace ekiden::smtp {
namespace {

// Adds a field in front and removes Bcc, like submission.
struct Mender final : Policy {
    Task<std::optional<Reply>> at_mail(const Facts&, std::string, Backend&) override {
        co_return std::nullopt;
    }
    HeaderFixes fix_header(const Facts&, const mail::HeaderSummary& header, std::string_view) override {
        HeaderFixes fixes;
        if (!header.has_date) fixes.prepend = "Date: now\r\n";
        if (header.has_bcc) fixes.remove = {"Bcc"};
        return fixes;
    }
};

struct Reader {
    tests::ScriptedHouse house;
    event::Loop loop;
    Mender policy;
    Facts facts;
    Server server;

    explicit Reader(RawValues values = {}) : server(loop, house, options(std::move(values)), policy) {}
    static SessionOptions options(RawValues values) {
        return *SessionOptions::from(*Settings::make(std::move(values)), Role::transfer);
    }

    // The whole content as committed, fed in pieces.
    ipc::Commit read(std::string_view wire, std::size_t step) {
        IncomingContent content(server, facts, "Q1", "Received: top\r\n");
        while (!content.done() && !wire.empty()) {
            wire.remove_prefix(content.take(wire.substr(0, step)));
            loop.run(content.settle());
        }
        ipc::Commit commit{};
        EXPECT_TRUE(content.done());
        EXPECT_FALSE(content.refusal());
        content.fill(commit);
        content.committed();
        if (commit.in_file) {
            ipc::Commit with_content = commit;
            (void)*loop.run(house.ask(std::move(with_content)));
            commit.content = house.committed.back().content;
        }
        return commit;
    }
};

// What the notes say must be what counting the content says, however it came and wherever it went.
void expect_true_notes(const ipc::Commit& commit) {
    const std::string& content = commit.content;
    std::uint64_t line_ends = 0;
    std::size_t longest = 0;
    std::size_t start = 0;
    bool dot = false;
    for (std::size_t end = content.find("\r\n"); end != std::string::npos;
         end = content.find("\r\n", start)) {
        ++line_ends;
        longest = std::max(longest, end - start);
        dot = dot || content[start] == '.';
        start = end + 2;
    }
    std::size_t header = content.find("\r\n\r\n");
    EXPECT_EQ(commit.notes.size, content.size());
    EXPECT_EQ(commit.notes.line_ends, line_ends);
    EXPECT_EQ(commit.notes.longest_line, longest);
    EXPECT_EQ(commit.notes.leading_dot, dot);
    EXPECT_EQ(commit.notes.header_size, header == std::string::npos ? content.size() : header + 4);
}

TEST(Content, NotesAreTrueWhateverTheWay) {
    const std::string_view messages[] = {
        "Subject: x\r\n\r\nbody\r\n..dot\r\n.\r\n",
        "Subject: x\r\nBcc: a@b,\r\n c@d\r\nTo: e\r\n\r\nbody\r\n.\r\n",
        "Date: then\r\nBcc: a\r\nBcc: b\r\n\r\n\r\n.\r\n",
        "Subject: no body\r\n.\r\n",
        "just text, no header\r\n.\r\n",
        "\r\nonly a body\r\n.\r\n",
        ".\r\n",
    };
    for (std::string_view message : messages) {
        for (std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{100000}}) {
            Reader in_memory;
            ipc::Commit commit = in_memory.read(message, step);
            EXPECT_FALSE(commit.in_file);
            expect_true_notes(commit);
            Reader in_file({{"spool_inline_limit", "10"}});
            ipc::Commit stored = in_file.read(message, step);
            EXPECT_EQ(stored.content, commit.content) << message << " by " << step;
            expect_true_notes(stored);
        }
    }
}

TEST(Content, MendsTheHeaderAndNothingElse) {
    Reader reader;
    ipc::Commit commit = reader.read("Bcc: a\r\nSubject: x\r\n\r\nBcc: stays\r\n.\r\n", 3);
    EXPECT_EQ(commit.content, "Received: top\r\nDate: now\r\nSubject: x\r\n\r\nBcc: stays\r\n");
}

TEST(Content, RefusedContentIsReadToItsEnd) {
    Reader reader({{"message_size_limit", "100"}});
    IncomingContent content(reader.server, reader.facts, "Q1", "Received: top\r\n");
    std::string wire = "Subject: x\r\n\r\n" + std::string(200, 'x') + "\r\n.\r\n";
    EXPECT_EQ(content.take(wire), wire.size());
    EXPECT_TRUE(content.done());
    EXPECT_EQ(content.refusal()->code, 552);
}

TEST(Content, AFileThatIsNotCommittedIsGivenUp) {
    Reader reader({{"spool_inline_limit", "10"}});
    {
        IncomingContent content(reader.server, reader.facts, "Q1", "Received: top\r\n");
        content.take("Subject: x\r\n\r\n0123456789\r\n");
        reader.loop.run(content.settle());
    }
    EXPECT_EQ(reader.house.told, List{"abandon_content"});
}

}  // namespace
}  // namespace ekiden::smtp
