// Commits from workers that may lie.
#include "queue/manager/intake.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "common/spool/scratch_test.h"

namespace ekiden::queue {
namespace {

// Nobody is there: what is accepted stays in the queue.
class Nobody : public Outside {
  public:
    Task<Result<ipc::Resolution>> resolve(ipc::ResolveRecipients) override {
        co_return temporary("router is not running");
    }
    Task<Result<ipc::DeliveryOutcome>> deliver(ipc::Transport, ipc::Deliver) override {
        co_return temporary("nobody is there");
    }
};

class IntakeTest : public testing::Test {
  protected:
    IntakeTest() {
        Result<Spool> spool = Spool::open(directory.path(), {.reserve_bytes = 4096, .durable = false});
        if (!spool) std::abort();
        writer = std::make_unique<Writer>(loop, std::move(*spool));
        queue = std::make_unique<Queue>(loop, clock, *writer, nobody, QueueSettings{});
        intake = std::make_unique<Intake>(*queue, writer->content(), clock,
                                          IntakeLimits{.message_size = 100'000}, 1);
    }
    std::string id(const ipc::Sender& from) {
        Result<ipc::QueueIds> ids = loop.run(intake->reserve({1}, from));
        EXPECT_TRUE(ids);
        return ids->ids.front();
    }
    static ipc::Commit order(std::string queue_id, std::string content = "Subject: x\r\n\r\n") {
        ipc::Commit c{};
        c.queue_id = std::move(queue_id);
        c.sender = "a@example.jp";
        c.recipients.push_back({"b@example.net", "", 0});
        c.notes.size = content.size();
        c.notes.header_size = content.size();
        c.content = std::move(content);
        c.arrival = test::noon * 1'000'000 - 5;
        return c;
    }
    Result<ipc::Committed> commit(ipc::Commit c, const ipc::Sender& from) {
        return loop.run(intake->commit(std::move(c), from));
    }
    std::int64_t messages() {
        auto read = [](Spool& spool) { return spool.count(); };
        return loop.run(writer->read(std::move(read))).value_or(-1);
    }

    test::ScratchDirectory directory;
    ManualClock clock{test::noon * 1'000'000};
    event::Loop loop;
    Nobody nobody;
    std::unique_ptr<Writer> writer;
    std::unique_ptr<Queue> queue;
    std::unique_ptr<Intake> intake;
    ipc::Sender smtpd{ipc::Service::smtpd, 0, 1};
    ipc::Sender other{ipc::Service::smtpd, 1, 1};
};

TEST_F(IntakeTest, CommitsWhatItGaveAnIdFor) {
    std::string mine = id(smtpd);
    Result<ipc::Committed> done = commit(order(mine), smtpd);
    ASSERT_TRUE(done) << done.error().text;
    EXPECT_EQ(done->queue_id, mine);
    EXPECT_EQ(messages(), 1);
    EXPECT_FALSE(commit(order(mine), smtpd)) << "an id is used once";
    EXPECT_EQ(messages(), 1);
}

TEST_F(IntakeTest, ARecipientNamedTwiceGetsOneCopy) {
    ipc::Commit c = order(id(smtpd));
    c.recipients.push_back({"B@Example.net", "", 0});
    c.recipients.push_back({"c@example.net", "", 0});
    c.recipients.push_back({"b@example.net", "", 0});
    ASSERT_TRUE(commit(std::move(c), smtpd));
    auto read = [](Spool& spool) { return spool.list(0, 10); };
    Result<std::vector<StoredMessage>> stored = loop.run(writer->read(std::move(read)));
    ASSERT_TRUE(stored);
    const std::vector<Recipient>& kept = stored->at(0).recipients;
    ASSERT_EQ(kept.size(), 2u);
    EXPECT_EQ(kept[0].address, "b@example.net");
    EXPECT_EQ(kept[1].address, "c@example.net");
    EXPECT_EQ(kept[1].number, 1) << "numbers have no gaps";
}

TEST_F(IntakeTest, IdsBelongToTheirChannel) {
    std::string mine = id(smtpd);
    EXPECT_FALSE(commit(order(mine), other));
    EXPECT_FALSE(commit(order("0000000000z1x"), other));
    EXPECT_FALSE(commit(order(print(text::QueueId{1, 1'000'000})), other)) << "nobody has it yet";
    EXPECT_FALSE(commit(order("../../etc/passwd"), other));
    EXPECT_FALSE(loop.run(intake->open({mine}, other)));
    EXPECT_TRUE(commit(order(mine), smtpd));
    EXPECT_EQ(messages(), 1);
}

TEST_F(IntakeTest, RefusesWhatDoesNotAgree) {
    auto wrong = [this](const std::function<void(ipc::Commit&)>& spoil) {
        ipc::Commit c = order(id(smtpd));
        spoil(c);
        EXPECT_FALSE(commit(std::move(c), smtpd));
    };
    wrong([](ipc::Commit& c) { c.recipients.clear(); });
    wrong([](ipc::Commit& c) { c.notes.size += 1; });
    wrong([](ipc::Commit& c) { c.notes.header_size = c.notes.size + 1; });
    wrong([](ipc::Commit& c) { c.in_file = true; });
    wrong([](ipc::Commit& c) { c.trace = ipc::Trace::verify; });  // from no maildrop file
    wrong([](ipc::Commit& c) { c.sender = "a@example.jp\r\nX: y"; });
    wrong([](ipc::Commit& c) { c.recipients[0].address = ""; });
    wrong([](ipc::Commit& c) { c.recipients[0].address = std::string("b\0c@example.jp", 14); });
    wrong([](ipc::Commit& c) { c.recipients[0].address = std::string(5000, 'x'); });
    wrong([](ipc::Commit& c) { c.recipients.resize(10'001, {"b@example.net", "", 0}); });
    wrong([](ipc::Commit& c) {
        c.content.assign(100'001, 'x');
        c.notes.size = c.content.size();
    });
    EXPECT_EQ(messages(), 0);
}

TEST_F(IntakeTest, ContentFiles) {
    std::string mine = id(smtpd);
    Result<ipc::ContentFile> file = loop.run(intake->open({mine}, smtpd));
    ASSERT_TRUE(file) << file.error().text;
    EXPECT_FALSE(loop.run(intake->open({mine}, smtpd))) << "once";
    ASSERT_EQ(::write(file->file.get(), "Subject: x\r\n\r\n", 14), 14);
    ipc::Commit c = order(mine);
    c.in_file = true;
    c.content.clear();
    Result<ipc::Committed> done = commit(std::move(c), smtpd);
    ASSERT_TRUE(done) << done.error().text;
    EXPECT_EQ(directory.content_files(), 1);
    // The worker lies about the size.
    std::string second = id(smtpd);
    file = loop.run(intake->open({second}, smtpd));
    c = order(second);
    c.in_file = true;
    c.content.clear();
    EXPECT_FALSE(commit(std::move(c), smtpd));
    // It changes its mind, or dies.
    std::string third = id(smtpd), fourth = id(smtpd);
    ASSERT_TRUE(loop.run(intake->open({third}, smtpd)));
    ASSERT_TRUE(loop.run(intake->open({fourth}, smtpd)));
    EXPECT_EQ(directory.content_files(), 3);
    intake->abandon({third}, smtpd);
    EXPECT_EQ(directory.content_files(), 2);
    intake->lost(smtpd);
    EXPECT_EQ(directory.content_files(), 1);
}

TEST_F(IntakeTest, TablesAreBounded) {
    intake->set_limits({.open_files = 1, .ids = 10});
    EXPECT_TRUE(loop.run(intake->reserve({8}, smtpd)));
    EXPECT_FALSE(loop.run(intake->reserve({8}, smtpd)));
    std::string first = id(smtpd), second = id(smtpd);
    EXPECT_TRUE(loop.run(intake->open({first}, smtpd)));
    EXPECT_FALSE(loop.run(intake->open({second}, smtpd)));
}

TEST_F(IntakeTest, AMaildropFileIsTakenOnce) {
    ipc::Commit c = order(id(smtpd));
    c.drop = "d.1";
    Result<ipc::Committed> done = commit(std::move(c), smtpd);
    ASSERT_TRUE(done);
    EXPECT_FALSE(done->known);
    c = order(id(smtpd));
    c.drop = "d.1";
    done = commit(std::move(c), smtpd);
    ASSERT_TRUE(done);
    EXPECT_TRUE(done->known);
    EXPECT_EQ(loop.run(queue->list({"", 10}))->messages.size(), 1u);
    EXPECT_FALSE(loop.run(intake->forget_drops({{"a/b"}})));
    EXPECT_TRUE(loop.run(intake->forget_drops({})));
    c = order(id(smtpd));
    c.drop = "d.1";
    done = commit(std::move(c), smtpd);
    EXPECT_FALSE(done->known);
}

TEST_F(IntakeTest, AnArrivalThatCannotBeIsNotBelieved) {
    ipc::Commit c = order(id(smtpd));
    c.arrival = test::noon * 3'000'000;
    ASSERT_TRUE(commit(std::move(c), smtpd));
    Result<ipc::QueuePage> page = loop.run(queue->list({"", 10}));
    ASSERT_TRUE(page);
    EXPECT_EQ(page->messages.at(0).arrival, test::noon);
}

}  // namespace
}  // namespace ekiden::queue
