// The whole queue over a real spool, with a made-up house around it.
#include "queue/manager/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "queue/manager/running_queue_test.h"

namespace ekiden::queue {
namespace {

using test::message;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

// A router that knows example.jp as ours and the aliases it was given; deliverers that do as the local part
// says.
class House : public Outside {
  public:
    explicit House(event::Loop& loop) : gone(loop) {}

    Task<Result<ipc::Resolution>> resolve(ipc::ResolveRecipients question) override {
        if (!router_there) co_return temporary("router is not running");
        ipc::Resolution answer;
        for (std::uint32_t i = 0; i < question.recipients.size(); ++i) {
            auto alias = aliases.find(question.recipients[i]);
            std::vector<std::string> results{question.recipients[i]};
            if (alias != aliases.end()) results = alias->second;
            for (const std::string& address : results) {
                ipc::ResolvedRecipient r{};
                r.index = i;
                r.address = address;
                bool ours = address.ends_with("@example.jp");
                r.transport = ours ? ipc::Transport::virtual_mailbox : ipc::Transport::smtp;
                if (address.starts_with("unknown@")) r.transport = ipc::Transport::error;
                if (address.starts_with("retry@")) r.transport = ipc::Transport::retry;
                r.text = r.transport == ipc::Transport::error ? "5.1.1 User unknown" : "";
                r.next_hop = ours ? "" : address.substr(address.find('@') + 1);
                r.mailbox = ours ? "example.jp/x/" : "";
                answer.recipients.push_back(r);
            }
        }
        co_return answer;
    }

    Task<Result<ipc::DeliveryOutcome>> deliver(ipc::Transport, ipc::Deliver order) override {
        while (stalled) co_await gone.wait(std::chrono::hours(1));
        if (!deliverers_there) co_return temporary("virtual is not running");
        ipc::DeliveryOutcome outcome{};
        contents.push_back(order.content);
        if (order.file) {
            std::string octets(order.notes.size, '\0');
            EXPECT_EQ(::pread(order.file.get(), octets.data(), octets.size(), 0),
                      static_cast<ssize_t>(octets.size()));
            contents.back() = octets;
        }
        for (const ipc::DeliveryRecipient& r : order.recipients) {
            ipc::RecipientOutcome each{};
            each.index = r.index;
            attempts.push_back(r.address);
            if (order.first_attempt) ++surely_first;
            if (r.address.starts_with("bounce") || r.address.find("@nowhere") != r.address.npos) {
                each.status = ipc::DeliveryStatus::bounced;
                each.dsn = "5.1.1";
                each.text = "host mx said: 550 no such user";
                each.remote_mta = "mx.example.net";
            } else if (r.address.starts_with("later")) {
                each.status = ipc::DeliveryStatus::deferred;
                each.dsn = "4.2.0";
                each.text = "try again";
            } else if (r.address.starts_with("dead")) {
                each.status = ipc::DeliveryStatus::deferred;
                each.dsn = "4.4.1";
                each.text = "connection refused";
                each.host_dead = true;
            } else {
                each.status = ipc::DeliveryStatus::sent;
                each.dsn = "2.0.0";
                delivered.push_back(r.address);
            }
            outcome.recipients.push_back(each);
        }
        co_return outcome;
    }

    bool router_there = true, deliverers_there = true, stalled = false;
    event::Signal gone;
    int surely_first = 0;
    std::map<std::string, std::vector<std::string>> aliases;
    std::vector<std::string> attempts, delivered, contents;
};

// While it lives no file of this process grows: to the spool that is a full disk.
class FullDisk {
  public:
    FullDisk() {
        before_ = ::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &limit_);
        rlimit none{0, limit_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &none);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;
    ~FullDisk() {
        ::setrlimit(RLIMIT_FSIZE, &limit_);
        ::signal(SIGXFSZ, before_);
    }

  private:
    rlimit limit_{};
    void (*before_)(int) = nullptr;
};

class QueueTest : public test::RunningQueue<House> {
  protected:
    QueueTest() : RunningQueue("mail.example.jp", "example.jp") {}
    text::QueueId send(std::vector<std::string> recipients,
                       std::string content = "Subject: x\r\n\r\nhello\r\n",
                       std::string sender = "sender@example.jp") {
        NewMessage m = message(1, std::move(recipients), std::move(content));
        m.envelope.arrived_us = clock.wall_us();
        m.envelope.sender = std::move(sender);
        return accept(std::move(m));
    }
    ipc::QueuePage list() {
        Result<ipc::QueuePage> page = loop.run(queue->list({"", 1000}));
        return page.value_or(ipc::QueuePage{});
    }
    std::uint64_t change(ipc::QueueVerb verb, const std::string& id, const std::string& site = "",
                         bool all = false) {
        Result<ipc::ChangedMessages> changed = loop.run(queue->change({verb, id, site, all, 0, ""}));
        EXPECT_TRUE(changed) << changed.error().text;
        return changed ? changed->count : 0;
    }
};

TEST_F(QueueTest, DeliversAndForgets) {
    text::QueueId id = send({"a@example.jp", "b@example.net"});
    settled();
    EXPECT_THAT(house.delivered, UnorderedElementsAre("a@example.jp", "b@example.net"));
    EXPECT_EQ(house.contents[0], "Subject: x\r\n\r\nhello\r\n");
    EXPECT_EQ(house.surely_first, 2);
    EXPECT_EQ(messages(), 0);
    EXPECT_EQ(log.count(print(id) + ": message-id=<1@example.jp>"), 1);
    EXPECT_EQ(log.count(print(id) + ": from=<sender@example.jp>, size=21, nrcpt=2 (queue active)"), 1);
    EXPECT_EQ(log.count(print(id) + ": removed"), 1);
}

TEST_F(QueueTest, LargeContentGoesByDescriptor) {
    std::string content = "Subject: large\r\n\r\n" + std::string(200'000, 'x') + "\r\n";
    send({"a@example.jp"}, content);
    settled();
    EXPECT_EQ(house.contents.at(0), content);
    EXPECT_EQ(directory.content_files(), 0);
}

TEST_F(QueueTest, DeferredMailIsTriedAgainWhenDue) {
    text::QueueId id = send({"later@example.net", "a@example.net"});
    settled();
    EXPECT_EQ(house.attempts.size(), 2u);
    ASSERT_EQ(list().messages.size(), 1u);
    EXPECT_EQ(list().messages[0].state, ipc::QueueState::deferred);
    ASSERT_EQ(list().messages[0].recipients.size(), 1u) << "who has it is not listed";
    EXPECT_EQ(list().messages[0].recipients[0].reason, "try again");
    later(Seconds(301));
    until([&] { return house.attempts.size() == 3; });
    settled();
    EXPECT_EQ(house.surely_first, 2) << "another attempt is not the first";
    EXPECT_EQ(messages(), 1);
    EXPECT_EQ(log.count(print(id) + ": removed"), 0);
}

TEST_F(QueueTest, AFailureIsReportedOnce) {
    text::QueueId id = send({"bounce@example.net", "a@example.net"});
    settled();
    until([&] { return house.delivered.size() == 2; });
    settled();
    EXPECT_THAT(house.delivered, UnorderedElementsAre("a@example.net", "sender@example.jp"));
    EXPECT_THAT(house.contents.back(), HasSubstr("Final-Recipient: rfc822; bounce@example.net"));
    EXPECT_THAT(house.contents.back(), HasSubstr("550 no such user"));
    EXPECT_EQ(messages(), 0);
    EXPECT_EQ(log.count(print(id) + ": sender non-delivery notification: "), 1);
}

TEST_F(QueueTest, ANoticeHasAMessageIdAndItsOwnMomentOfArrival) {
    text::QueueId id = send({"bounce@example.net"}, "Subject: x\r\n\r\n", "unknown@example.jp");
    until([&] { return log.count("is dropped") == 1; });
    settled();
    const std::string told = print(id) + ": sender non-delivery notification: ";
    auto line = std::ranges::find_if(log.texts,
                                     [&](const std::string& l) { return l.find(told) != std::string::npos; });
    ASSERT_NE(line, log.texts.end());
    const std::string notice = line->substr(line->find(told) + told.size());
    EXPECT_EQ(log.count(notice + ": message-id=<" + notice + "@mail.example.jp>"), 1);
    EXPECT_EQ(log.count(notice + ": to=<unknown@example.jp>, relay=none, delay=0, delays=0/0/0/0,"), 1);
}

TEST_F(QueueTest, ANoticeThatFailsIsDropped) {
    send({"bounce@example.net"}, "x\r\n", "bounce@nowhere.example");
    until([&] { return house.attempts.size() == 2; });
    settled();
    EXPECT_EQ(messages(), 0);
    EXPECT_EQ(log.count("undeliverable mail from <> to <bounce@nowhere.example> is dropped"), 1);
}

TEST_F(QueueTest, TheRouterCanRefuse) {
    send({"unknown@example.jp"}, "Subject: x\r\n\r\n", "a@example.jp");
    until([&] { return house.delivered.size() == 1; });
    settled();
    EXPECT_EQ(house.delivered[0], "a@example.jp");
    EXPECT_THAT(house.contents.back(), HasSubstr("User unknown"));
    EXPECT_EQ(log.count("status=bounced (User unknown)"), 1);
}

TEST_F(QueueTest, ExpiresAfterItsLifetime) {
    text::QueueId id = send({"later@example.net"});
    settled();
    for (int day = 0; day < 6 && log.count("status=expired") == 0; ++day) {
        std::size_t before = house.attempts.size();
        later(Seconds(86400));
        until([&] { return house.attempts.size() > before; });
        settled();
    }
    EXPECT_EQ(log.count(print(id) + ": from=<sender@example.jp>, status=expired, returned to sender"), 1);
    until([&] { return !house.delivered.empty(); });
    settled();
    EXPECT_THAT(house.delivered, ElementsAre("sender@example.jp"));
    EXPECT_EQ(messages(), 0);
}

TEST_F(QueueTest, WarnsOfADelayOnce) {
    end();
    QueueSettings settings;
    settings.retry.delay_warning = Seconds(1000);
    begin(settings);
    text::QueueId id = send({"later@example.net"});
    settled();
    for (int pass = 0; pass < 4; ++pass) {
        std::size_t before = house.attempts.size();
        later(Seconds(4001));
        until([&] { return house.attempts.size() > before; });
        settled();
    }
    EXPECT_EQ(log.count(print(id) + ": sender delay notification: "), 1);
    EXPECT_THAT(house.delivered, ElementsAre("sender@example.jp"));
    EXPECT_EQ(messages(), 1);
}

TEST_F(QueueTest, AliasesAreExpandedOnceAndNobodyGetsTwo) {
    house.aliases["staff@example.jp"] = {"a@example.jp", "later@example.jp", "a@example.jp"};
    send({"staff@example.jp", "a@example.jp"});
    settled();
    EXPECT_THAT(house.delivered, ElementsAre("a@example.jp"));
    // The alias changes; what was expanded stays.
    house.aliases["staff@example.jp"] = {"c@example.jp"};
    later(Seconds(301));
    until([&] { return house.attempts.size() == 3; });
    settled();
    EXPECT_THAT(house.attempts, UnorderedElementsAre("a@example.jp", "later@example.jp", "later@example.jp"));
}

TEST_F(QueueTest, AnAliasThatResolvesLaterDeliversNothingTwice) {
    house.aliases["all@example.jp"] = {"b@example.jp", "later@example.jp"};
    send({"a@example.jp", "all@example.jp", "retry@example.jp"});
    settled();
    EXPECT_THAT(house.delivered, UnorderedElementsAre("a@example.jp", "b@example.jp"));
    // Now it is an alias: for those who have it, for one who waits, for one expanded, for somebody new.
    house.aliases["retry@example.jp"] = {"A@example.jp", "b@example.jp", "later@example.jp", "all@example.jp",
                                         "new@example.jp"};
    later(Seconds(301));
    until([&] { return house.delivered.size() == 4; });
    settled();
    EXPECT_THAT(house.delivered,
                UnorderedElementsAre("a@example.jp", "b@example.jp", "all@example.jp", "new@example.jp"));
    EXPECT_EQ(std::ranges::count(house.attempts, "later@example.jp"), 2);
}

TEST_F(QueueTest, AnAliasThatNamesItselfIsNotExpandedAgain) {
    house.aliases["later@example.jp"] = {"later@example.jp", "copy@example.jp"};
    send({"later@example.jp"});
    settled();
    later(Seconds(301));
    until([&] { return house.attempts.size() == 3; });
    settled();
    EXPECT_THAT(house.delivered, ElementsAre("copy@example.jp"));
}

TEST_F(QueueTest, ALostDelivererIsAskedAgainSoon) {
    house.deliverers_there = false;
    send({"a@example.jp"});
    settled();
    EXPECT_EQ(log.count("status=deferred (mail transport unavailable"), 1);
    house.deliverers_there = true;
    later(Seconds(6));
    until([&] { return !house.delivered.empty(); });
    settled();
    EXPECT_EQ(house.surely_first, 0) << "the first may have done its work";
    EXPECT_EQ(messages(), 0);
}

TEST_F(QueueTest, WaitsForTheRouter) {
    house.router_there = false;
    send({"a@example.jp"});
    settled();
    house.router_there = true;
    later(Seconds(6));
    until([&] { return !house.delivered.empty(); });
    settled();
}

TEST_F(QueueTest, WhatWasActiveAtACrashIsDueAtOnce) {
    house.stalled = true;
    send({"a@example.jp"});
    send({"b@example.jp"}, std::string(100'000, 'x') + "\r\n");
    until([&] { return queue->under_way() == 2; });
    end();  // as a crash: nothing is written at the end
    house.stalled = false;
    begin();
    until([&] { return house.delivered.size() == 2; });
    settled();
    EXPECT_EQ(house.surely_first, 0);
    EXPECT_EQ(messages(), 0);
}

TEST_F(QueueTest, ADeadDestinationIsLeftAlone) {
    house.stalled = true;
    for (int i = 0; i < 8; ++i) send({"dead@example.net"});
    house.stalled = false;
    house.gone.notify_all();
    settled();
    EXPECT_EQ(messages(), 8);
    EXPECT_LT(house.attempts.size(), 8u);
    EXPECT_GT(log.count("delivery temporarily suspended: connection refused"), 0);
    std::size_t before = house.attempts.size();
    EXPECT_EQ(change(ipc::QueueVerb::flush, "", "example.net"), 8u);
    until([&] { return house.attempts.size() > before; });
    settled();
}

TEST_F(QueueTest, AnOperatorHoldsReleasesAndDeletes) {
    house.stalled = true;
    text::QueueId first = send({"a@example.jp"});
    until([&] { return queue->under_way() == 1; });
    EXPECT_EQ(list().messages.at(0).state, ipc::QueueState::active);
    EXPECT_EQ(change(ipc::QueueVerb::remove, print(first)), 1u);
    EXPECT_EQ(change(ipc::QueueVerb::remove, print(first)), 0u);
    house.stalled = false;
    house.gone.notify_all();
    settled();
    EXPECT_EQ(messages(), 0);
    text::QueueId second = send({"later@example.jp"});
    settled();
    EXPECT_EQ(change(ipc::QueueVerb::hold, print(second)), 1u);
    EXPECT_EQ(list().messages.at(0).state, ipc::QueueState::hold);
    std::size_t before = house.attempts.size();
    EXPECT_EQ(change(ipc::QueueVerb::flush, "", "", true), 0u);
    EXPECT_EQ(change(ipc::QueueVerb::release, "", "", true), 1u);
    later(Seconds(4001));
    until([&] { return house.attempts.size() > before; });
    settled();
    EXPECT_EQ(change(ipc::QueueVerb::remove, "", "", true), 1u);
    EXPECT_EQ(messages(), 0);
    EXPECT_EQ(log.count(print(second) + ": placed on hold"), 1);
    EXPECT_EQ(log.count(print(second) + ": removed"), 1);
}

TEST_F(QueueTest, MemoryIsBoundedAndNothingIsForgotten) {
    end();
    QueueSettings settings;
    settings.active_messages = 3;
    begin(settings);
    house.stalled = true;
    for (int i = 0; i < 20; ++i) send({"a" + std::to_string(i) + "@example.jp"});
    EXPECT_LE(queue->active(), 3u);
    house.stalled = false;
    house.gone.notify_all();
    until([&] { return house.delivered.size() == 20; });
    settled();
    EXPECT_EQ(messages(), 0);
}

TEST_F(QueueTest, WhatCannotBeRecordedStopsDeliveryUntilItCan) {
    end();
    QueueSettings settings;
    settings.record_again = Milliseconds(10);
    begin(settings);
    house.stalled = true;
    send({"a@example.jp", "b@example.net"});
    until([&] { return queue->under_way() == 2; });
    send({"c@example.com"});
    until([&] { return queue->under_way() == 3; });
    {
        FullDisk full;
        house.stalled = false;
        house.gone.notify_all();
        until([&] { return log.count("cannot record: ") > 5; });
        EXPECT_EQ(queue->active(), 2u) << "what was delivered stays in memory";
    }
    settled();
    EXPECT_THAT(house.attempts, UnorderedElementsAre("a@example.jp", "b@example.net", "c@example.com"));
    EXPECT_EQ(messages(), 0);
    send({"d@example.net"});
    until([&] { return house.delivered.size() == 4; });
    settled();
}

TEST_F(QueueTest, AnOrderlyStopWaitsForTheEndOfPasses) {
    house.stalled = true;
    send({"a@example.net", "bounce@example.net"});
    until([&] { return queue->under_way() > 0; });
    end();
    begin();  // so that the notice has to ask the spool for the content and for an id
    until([&] { return queue->under_way() > 0; });
    house.stalled = false;
    house.gone.notify_all();
    until([&] { return house.attempts.size() == 2; });
    loop.run(queue->finish(Seconds(5)));
    end();
    begin();
    until([&] { return std::ranges::count(house.delivered, "sender@example.jp") > 0; });
    settled();
    EXPECT_EQ(std::ranges::count(house.delivered, "a@example.net"), 1);
    EXPECT_EQ(std::ranges::count(house.attempts, "bounce@example.net"), 1);
    EXPECT_EQ(messages(), 0);
}

TEST_F(QueueTest, RecipientsInMemoryAreBoundedToo) {
    end();
    QueueSettings settings;
    settings.active_recipients = 4;
    begin(settings);
    house.stalled = true;
    for (int i = 0; i < 10; ++i) send({"a@example.jp", "b@example.jp"});
    EXPECT_LE(queue->active(), 2u);
    house.stalled = false;
    house.gone.notify_all();
    until([&] { return house.delivered.size() == 20; });
    settled();
    EXPECT_EQ(messages(), 0);
}

TEST_F(QueueTest, IntakeStopsWhenTheDiskIsNearlyFull) {
    end();
    QueueSettings settings;
    settings.needed_free = std::int64_t{1} << 60;
    begin(settings);
    Result<std::vector<text::QueueId>> ids = loop.run(queue->reserve_ids(1));
    NewMessage m = message(1, {"a@example.jp"});
    m.id = ids->front();
    Result<bool> accepted = loop.run(queue->accept(std::move(m)));
    ASSERT_FALSE(accepted);
    EXPECT_TRUE(accepted.error().temporary());
    EXPECT_EQ(messages(), 0);
}

TEST_F(QueueTest, ListsInPages) {
    for (int i = 0; i < 25; ++i) send({"later" + std::to_string(i) + "@example.jp"});
    settled();
    std::size_t seen = 0;
    std::string after;
    do {
        Result<ipc::QueuePage> page = loop.run(queue->list({after, 10}));
        ASSERT_TRUE(page);
        seen += page->messages.size();
        after = page->next;
    } while (!after.empty());
    EXPECT_EQ(seen, 25u);
    EXPECT_FALSE(loop.run(queue->list({"../x", 10})));
}

}  // namespace
}  // namespace ekiden::queue
