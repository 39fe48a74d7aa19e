#include "common/spool/spool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/spool/schema.h"
#include "common/spool/scratch_test.h"
#include "common/sqlite/database.h"
#include "common/sqlite/statement.h"

namespace ekiden::queue {
namespace {

using test::apply;
using test::message;
using test::noon;
using test::open;
using test::ScratchDirectory;

TEST(Spool, KeepsWhatItAccepted) {
    ScratchDirectory directory;
    {
        Spool spool = open(directory);
        NewMessage m = message(7, {"a@example.net", "b@example.net"});
        m.envelope.eight_bit = true;
        m.envelope.header_size = 14;
        m.envelope.dsn_return = DsnReturn::headers;
        m.recipients[1].original = "list@example.net";
        m.recipients[1].resolved = true;
        Result<std::int64_t> accepted = apply(spool, Accept{m});
        ASSERT_TRUE(accepted) << accepted.error().text;
    }
    Spool spool = open(directory);
    Result<std::vector<StoredMessage>> fresh = spool.load_fresh(0, 10);
    ASSERT_TRUE(fresh);
    ASSERT_EQ(fresh->size(), 1u);
    const StoredMessage& m = fresh->front();
    EXPECT_EQ(m.id, (text::QueueId{noon * 1'000'000 + 7, 7}));
    EXPECT_EQ(m.envelope.sender, "sender@example.jp");
    EXPECT_EQ(m.envelope.message_id, "<1@example.jp>");
    EXPECT_TRUE(m.envelope.eight_bit);
    EXPECT_EQ(m.envelope.header_size, 14);
    EXPECT_EQ(m.envelope.dsn_return, DsnReturn::headers);
    EXPECT_EQ(m.seen, noon);
    ASSERT_EQ(m.recipients.size(), 2u);
    EXPECT_EQ(m.recipients[1].address, "b@example.net");
    EXPECT_EQ(m.recipients[1].original, "list@example.net");
    EXPECT_TRUE(m.recipients[1].resolved);
    Result<std::string> content = spool.read_content(7);
    ASSERT_TRUE(content);
    EXPECT_EQ(*content, "Subject: x\r\n\r\nhello\r\n");
    EXPECT_TRUE(spool.load_fresh(7, 10)->empty());
}

TEST(Spool, DefersAndBringsBackInOrder) {
    ScratchDirectory directory;
    Spool spool = open(directory);
    for (Sequence n = 1; n <= 4; ++n) ASSERT_TRUE(apply(spool, Accept{message(n, {"a@example.net"})}));
    for (Sequence n = 1; n <= 4; ++n) {
        Settle settle;
        settle.id = {0, n};
        settle.then = Settle::Then::defer;
        settle.next_attempt = noon + 10 * (5 - n);
        settle.age = 300;
        settle.seen = noon;
        settle.attempts = 1;
        settle.outcomes.push_back(
            {0, RecipientState::waiting, "4.4.1", "connection refused", "mx.example.net"});
        EXPECT_EQ(apply(spool, settle), 1);
    }
    EXPECT_TRUE(spool.load_fresh(0, 10)->empty());
    EXPECT_EQ(spool.next_due(noon), noon + 10);
    Result<std::vector<StoredMessage>> due = spool.load_due({}, noon + 30, 2);
    ASSERT_TRUE(due);
    ASSERT_EQ(due->size(), 2u);
    EXPECT_EQ((*due)[0].id.sequence, 4);
    EXPECT_EQ((*due)[0].age, 300);
    EXPECT_EQ((*due)[0].recipients.at(0).reason, "connection refused");
    EXPECT_EQ((*due)[0].recipients.at(0).status, "4.4.1");
    EXPECT_EQ((*due)[1].id.sequence, 3);
    due = spool.load_due({noon + 20, 3}, noon + 30, 10);
    ASSERT_EQ(due->size(), 1u);
    EXPECT_EQ((*due)[0].id.sequence, 2);
    EXPECT_EQ(spool.clamp(noon + 15), 3);
    EXPECT_EQ(spool.load_due({}, noon + 15, 10)->size(), 4u);
}

TEST(Spool, RemovesAMessageWithItsContent) {
    ScratchDirectory directory;
    Spool spool = open(directory);
    ASSERT_TRUE(apply(spool, Accept{message(1, {"a@example.net"})}));
    ASSERT_TRUE(apply(spool, Accept{message(2, {"a@example.net"}, std::string(100'000, 'x'))}));
    EXPECT_EQ(directory.content_files(), 1);
    for (Sequence n : {1, 2}) {
        Settle settle;
        settle.id = {0, n};
        settle.then = Settle::Then::remove;
        EXPECT_EQ(apply(spool, settle), 1);
        EXPECT_EQ(apply(spool, settle), 0) << "a second time there is nothing";
    }
    EXPECT_EQ(spool.count(), 0);
    EXPECT_EQ(directory.content_files(), 0);
    EXPECT_FALSE(spool.read_content(1));
}

TEST(Spool, RecordsANoticeWithWhatItReports) {
    ScratchDirectory directory;
    Spool spool = open(directory);
    ASSERT_TRUE(apply(spool, Accept{message(1, {"a@example.net", "b@example.net"})}));
    Settle settle;
    settle.id = {0, 1};
    settle.outcomes.push_back({0, RecipientState::failed, "5.1.1", "unknown", ""});
    ASSERT_EQ(apply(spool, settle), 1);
    EXPECT_EQ(spool.load(1)->recipients.at(0).state, RecipientState::failed);
    settle.outcomes.clear();
    settle.then = Settle::Then::defer;
    settle.next_attempt = noon + 300;
    settle.reported = {0};
    settle.notices.push_back(message(2, {"sender@example.jp"}));
    settle.notices[0].kind = Kind::notice;
    ASSERT_EQ(apply(spool, settle), 1);
    EXPECT_EQ(spool.load(1)->recipients.size(), 1u);
    EXPECT_EQ(spool.load(2)->kind, Kind::notice);
    // An operator deletes the message while it is under way: no outcome and no notice.
    ASSERT_EQ(apply(spool, Command{Command::Verb::remove, 1}), 1);
    settle.notices[0] = message(3, {"sender@example.jp"});
    EXPECT_EQ(apply(spool, settle), 0);
    EXPECT_FALSE(spool.load(3));
}

TEST(Spool, OneBadOperationDoesNotTouchTheOthers) {
    ScratchDirectory directory;
    Spool spool = open(directory);
    ASSERT_TRUE(apply(spool, Accept{message(1, {"a@example.net"})}));
    std::vector<Operation> batch;
    batch.emplace_back(Accept{message(2, {"a@example.net"})});
    batch.emplace_back(
        Accept{message(1, {"thief@example.net"}, std::string(50'000, 'y'))});  // a number in use
    Settle settle;
    settle.id = {0, 1};
    settle.outcomes.push_back({0, RecipientState::done, "2.0.0", "", ""});
    batch.emplace_back(settle);
    std::vector<Result<std::int64_t>> results = spool.apply(batch);
    EXPECT_EQ(results[0], 1);
    EXPECT_FALSE(results[1]);
    EXPECT_EQ(results[2], 1);
    EXPECT_EQ(spool.count(), 2);
    EXPECT_EQ(directory.content_files(), 0);
    EXPECT_TRUE(spool.load(1)->recipients.empty());
}

TEST(Spool, ATwiceCommittedIdDoesNotCostTheFirstItsContent) {
    ScratchDirectory directory;
    Spool spool = open(directory);
    NewMessage m = message(5, {"a@example.net"}, std::string(70'000, 'z'));
    ASSERT_TRUE(apply(spool, Accept{m}));
    ASSERT_EQ(directory.content_files(), 1);
    m.in_file = true;
    EXPECT_FALSE(apply(spool, Accept{m}));
    EXPECT_EQ(directory.content_files(), 1);
}

TEST(Spool, ContentFilesOfReceivers) {
    ScratchDirectory directory;
    NewMessage m = message(9, {"a@example.net"});
    {
        Spool spool = open(directory);
        Result<OwnedFd> file = spool.content().create(m.id);
        ASSERT_TRUE(file);
        ASSERT_EQ(::write(file->get(), "abc", 3), 3);
        m.in_file = true;
        m.envelope.size = 4;
        EXPECT_FALSE(apply(spool, Accept{m})) << "shorter than announced";
        EXPECT_EQ(directory.content_files(), 0);
        m.id.sequence = 10;
        file = spool.content().create(m.id);
        ASSERT_EQ(::write(file->get(), "abcd", 4), 4);
        EXPECT_EQ(apply(spool, Accept{m}), 1);
        ASSERT_TRUE(spool.content().create(text::QueueId{1, 11}));  // its receiver dies
    }
    Spool spool = open(directory);
    EXPECT_EQ(directory.content_files(), 1);
    Result<OwnedFd> file = spool.content().open_for_reading(m.id);
    ASSERT_TRUE(file);
    EXPECT_EQ(::fcntl(file->get(), F_GETFL) & O_ACCMODE, O_RDONLY);
}

TEST(Spool, NeverGivesANumberTwice) {
    ScratchDirectory directory;
    std::int64_t last = 0;
    for (int run = 0; run < 3; ++run) {
        Spool spool = open(directory);
        for (int i = 0; i < 3; ++i) {
            Result<std::int64_t> first = apply(spool, ReserveSequence{100});
            ASSERT_TRUE(first);
            EXPECT_GT(*first, last);
            last = *first + 99;
        }
    }
}

TEST(Spool, CommandsOfAnOperator) {
    using Verb = Command::Verb;
    ScratchDirectory directory;
    Spool spool = open(directory);
    ASSERT_TRUE(apply(spool, Accept{message(1, {"a@example.net"})}));
    ASSERT_TRUE(apply(spool, Accept{message(2, {"b@EXAMPLE.org"})}));
    for (Sequence n : {1, 2}) {
        Settle settle;
        settle.id = {0, n};
        settle.then = Settle::Then::defer;
        settle.next_attempt = noon + 4000;
        ASSERT_EQ(apply(spool, settle), 1);
    }
    EXPECT_EQ(apply(spool, Flush{"Example.org"}), 1);
    EXPECT_EQ(spool.load_due({}, noon, 10)->size(), 1u);
    EXPECT_EQ(apply(spool, Flush{""}), 1);
    EXPECT_EQ(spool.load_due({}, noon, 10)->size(), 2u);
    EXPECT_EQ(apply(spool, Command{Verb::hold, 1}), 1);
    EXPECT_EQ(spool.load_due({}, noon, 10)->size(), 1u);
    EXPECT_EQ(apply(spool, Command{Verb::release, 1}), 1);
    EXPECT_EQ(spool.load_due({}, noon, 10)->size(), 2u);
    EXPECT_EQ(apply(spool, Command{Verb::expire, 1}), 1);
    EXPECT_TRUE(spool.load(1)->expire);
    EXPECT_EQ(apply(spool, Command{Verb::requeue, 1}), 1);
    EXPECT_FALSE(spool.load(1)->expire);
    EXPECT_EQ(apply(spool, Command{Verb::remove, 1}), 1);
    EXPECT_EQ(apply(spool, Command{Verb::hold, 1}), 0);
    EXPECT_EQ(spool.list(0, 10)->size(), 1u);
}

TEST(Spool, ExpansionIsRemembered) {
    ScratchDirectory directory;
    Spool spool = open(directory);
    ASSERT_TRUE(apply(spool, Accept{message(1, {"staff@example.jp"})}));
    EXPECT_EQ(spool.next_number(1), 1);
    Expand expand;
    expand.sequence = 1;
    for (std::int64_t n : {1, 2}) {
        Recipient r;
        r.number = n;
        r.address = n == 1 ? "a@example.jp" : "b@example.jp";
        r.original = "staff@example.jp";
        r.resolved = true;
        expand.results.push_back(r);
    }
    EXPECT_EQ(apply(spool, expand), 1);
    Result<StoredMessage> m = spool.load(1);
    ASSERT_EQ(m->recipients.size(), 2u);
    EXPECT_EQ(m->recipients[1].address, "b@example.jp");
    EXPECT_TRUE(m->recipients[1].resolved);
}

TEST(Spool, KeepsWhatAReportNeeds) {
    ScratchDirectory directory;
    {
        Spool spool = open(directory);
        NewMessage m = message(1, {"a@example.jp", "team@example.jp"});
        m.envelope.trace = ipc::Trace::report;
        ASSERT_TRUE(apply(spool, Accept{std::move(m)}));
        Settle settle;
        settle.id = {noon * 1'000'000 + 1, 1};
        settle.outcomes.push_back(
            {0, RecipientState::done, "2.0.0", "250 Ok", "mx", "250 Ok", "mx[192.0.2.1]:25", "relayed"});
        ASSERT_TRUE(apply(spool, settle));
        Expand expand{
            1,
            1,
            {},
            {},
            RecipientOutcome{1, RecipientState::done, "", "forwarded as X", "", "", "local", "relayed"}};
        ASSERT_TRUE(apply(spool, expand));
    }
    Spool spool = open(directory);
    EXPECT_EQ(spool.load(1)->envelope.trace, ipc::Trace::report);
    Result<std::vector<Recipient>> all = spool.recipients(1, 0, 10);
    ASSERT_EQ(all->size(), 2u);
    EXPECT_EQ(all->at(0).reply, "250 Ok");
    EXPECT_EQ(all->at(0).relay, "mx[192.0.2.1]:25");
    EXPECT_EQ(all->at(0).action, "relayed");
    EXPECT_EQ(all->at(1).reason, "forwarded as X");
    EXPECT_EQ(*spool.delivered(1), std::vector<std::string>{"a@example.jp"})
        << "nothing was delivered to the alias";
    Settle reported;
    reported.id = {noon * 1'000'000 + 1, 1};
    reported.then = Settle::Then::defer;
    reported.next_attempt = noon;
    ASSERT_TRUE(apply(spool, reported));
    EXPECT_EQ(spool.load(1)->envelope.trace, ipc::Trace::none);
}

TEST(Spool, BringsASpoolOfVersionThreeUpToDate) {
    ScratchDirectory directory;
    {
        Result<sqlite::Database> old = sqlite::Database::open(directory.path() + "/queue.db", {});
        ASSERT_TRUE(old);
        ASSERT_TRUE(old->migrate(std::span(schema_steps).first(3)));
        ASSERT_TRUE(old->run(
            "INSERT INTO message (seq, id_time, arrived, next_attempt, seen, size, in_file, eight_bit, "
            "leading_dot, line_ends, longest_line, header_size, sender) "
            "VALUES (7, 1, 1, 0, 1, 4, 0, 0, 0, 1, 2, 4, 'a@example.jp')"));
        ASSERT_TRUE(old->run("INSERT INTO recipient (seq, number, address) VALUES (7, 0, 'b@example.jp')"));
        ASSERT_TRUE(old->run("INSERT INTO content VALUES (7, 'x')"));
    }
    Spool spool = open(directory);
    Result<StoredMessage> m = spool.load(7);
    ASSERT_TRUE(m);
    EXPECT_EQ(m->envelope.trace, ipc::Trace::none);
    ASSERT_EQ(m->recipients.size(), 1u);
    EXPECT_EQ(m->recipients[0].action, "");
}

TEST(Spool, AMaildropFileIsTakenOnce) {
    ScratchDirectory directory;
    auto dropped = [](std::int64_t sequence, std::int64_t part, std::size_t size) {
        NewMessage m = message(sequence, {"a@example.net"}, std::string(size, 'z'));
        m.drop = "d.1";
        m.drop_part = part;
        return Accept{std::move(m)};
    };
    {
        Spool spool = open(directory);
        EXPECT_EQ(apply(spool, dropped(1, 0, 100)), 1);
        EXPECT_EQ(apply(spool, dropped(2, 1, 100)), 1) << "another message of the same file";
        EXPECT_EQ(apply(spool, Command{Command::Verb::remove, 1}), 1);
    }
    Spool spool = open(directory);
    EXPECT_EQ(apply(spool, dropped(3, 0, 100)), 0) << "also after it was delivered and the process died";
    EXPECT_EQ(apply(spool, dropped(4, 0, 70'000)), 0);
    EXPECT_EQ(directory.content_files(), 0) << "nothing of it is kept";
    EXPECT_EQ(spool.list(0, 10)->size(), 1u);
    EXPECT_EQ(apply(spool, ForgetDrops{{"d.0", "d.1"}}), 0);
    EXPECT_EQ(apply(spool, dropped(5, 0, 100)), 0);
    EXPECT_EQ(apply(spool, ForgetDrops{{"d.0", "d.10"}}), 2);
    EXPECT_EQ(apply(spool, dropped(6, 0, 100)), 1);
}

TEST(Spool, OnlyOneManager) {
    ScratchDirectory directory;
    Spool spool = open(directory);
    Result<Spool> second = Spool::open(directory.path());
    ASSERT_FALSE(second);
    EXPECT_TRUE(second.error().temporary());
}

TEST(Spool, SpoolIsPrivate) {
    ScratchDirectory directory;
    Spool spool = open(directory);
    ASSERT_TRUE(apply(spool, Accept{message(1, {"a@example.net"}, std::string(70'000, 'z'))}));
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory.path()))
        EXPECT_EQ(entry.status().permissions() & std::filesystem::perms(077), std::filesystem::perms::none)
            << entry.path();
}

}  // namespace
}  // namespace ekiden::queue
