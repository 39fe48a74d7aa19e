// What aliases, .forward files and lists make of a message, over a real spool; the router and the deliverer
// answer what each test puts into their mouths.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "queue/manager/running_queue_test.h"

namespace ekiden::queue {
namespace {

using ipc::Destination;
using test::goes_on;
using test::local;
using test::message;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

ipc::ResolvedRecipient other(std::string address, ipc::Transport transport, std::string next_hop = "") {
    ipc::ResolvedRecipient r{};
    r.address = std::move(address);
    r.transport = transport;
    r.next_hop = std::move(next_hop);
    return r;
}

// A delivery as "kind:target-or-user <sender> address".
std::string printed(const ipc::Deliver& order) {
    static constexpr const char* kinds[] = {"address", "user",    "user_mailbox", "command",
                                            "file",    "include", "forward_file"};
    const ipc::DeliveryRecipient& r = order.recipients.front();
    return std::string(kinds[static_cast<int>(r.destination)]) + ":" +
           (r.target.empty() ? r.user : r.target + "(" + r.user + ")") + " <" + order.sender + "> " +
           r.address;
}

class House : public Outside {
  public:
    explicit House(event::Loop&) {}

    Task<Result<ipc::Resolution>> resolve(ipc::ResolveRecipients question) override {
        auto way = [&](std::uint32_t number) {
            const std::string& asked = question.recipients[number];
            ipc::ResolvedRecipient r = local(asked, Destination::user, "", asked.substr(0, asked.find('@')));
            bool mailbox = std::ranges::find(question.mailboxes, number) != question.mailboxes.end();
            if (mailbox) r.destination = Destination::user_mailbox;
            if (way_of_mailboxes) r.destination = Destination::forward_file;
            if (way_of_mailboxes && mailbox) r = other(asked, ipc::Transport::lmtp, way_of_mailboxes);
            if (!asked.ends_with("@here.test")) r = other(asked, ipc::Transport::smtp);
            return r;
        };
        passed = question.delivered_to;
        co_return test::resolved(question, aliases, way);
    }

    Task<Result<ipc::DeliveryOutcome>> deliver(ipc::Transport, ipc::Deliver order) override {
        ipc::DeliveryOutcome outcome{};
        ipc::RecipientOutcome& each = outcome.recipients.emplace_back();
        each.index = order.recipients.front().index;
        each.dsn = "2.0.0";
        orders.push_back(printed(order));
        std::string content = order.content;
        if (order.file) {
            content.resize(order.notes.size);
            EXPECT_EQ(::pread(order.file.get(), content.data(), content.size(), 0),
                      static_cast<ssize_t>(content.size()));
        }
        contents.push_back(content);
        EXPECT_EQ(content.size(), order.notes.size);
        auto forward = forwards.find(order.recipients.front().user);
        bool asks = order.recipients.front().destination == Destination::user ||
                    order.recipients.front().destination == Destination::forward_file ||
                    order.recipients.front().destination == Destination::include;
        if (asks && forward != forwards.end()) {
            each.status = ipc::DeliveryStatus::expanded;
            each.expansion = forward->second;
        } else if (later) {
            each.status = ipc::DeliveryStatus::deferred;
            each.dsn = "4.2.0";
        }
        co_return outcome;
    }

    bool later = false;
    const char* way_of_mailboxes = nullptr;  // the next hop that mailbox_transport names
    test::Aliases aliases;
    std::map<std::string, std::vector<ipc::ExpandedTarget>> forwards;  // by user
    std::vector<std::string> orders, contents, passed;
};

class ExpansionTest : public test::RunningQueue<House> {
  protected:
    ExpansionTest() : RunningQueue("here.test", "here.test") {}
    void send(const std::string& recipient, std::string content = "Subject: x\r\n\r\nhello\r\n",
              std::vector<std::string> delivered_to = {}) {
        NewMessage m = message(1, {recipient}, std::move(content));
        m.envelope.delivered_to = std::move(delivered_to);
        accept(std::move(m));
        settled();
    }
};

TEST_F(ExpansionTest, AnAliasGoesOnInAMessageOfItsOwn) {
    house.aliases["list@here.test"] = {goes_on("a@x.test", "owner-list@here.test"),
                                       goes_on("b@here.test", "owner-list@here.test"),
                                       goes_on("B@here.test", "owner-list@here.test")};
    send("list@here.test");
    EXPECT_THAT(house.orders, UnorderedElementsAre("address: <owner-list@here.test> a@x.test",
                                                   "user:b <owner-list@here.test> b@here.test"));
    EXPECT_THAT(house.contents[0], HasSubstr("Received: by here.test (Ekiden)\r\n\tid "));
    EXPECT_THAT(house.contents[0],
                HasSubstr("\r\nDelivered-To: list@here.test\r\nSubject: x\r\n\r\nhello\r\n"));
    EXPECT_THAT(house.passed, ElementsAre("list@here.test"));
    EXPECT_TRUE(log.has("to=<list@here.test>, relay=local")) << testing::PrintToString(log.texts);
    EXPECT_TRUE(log.has("status=sent (forwarded as "));
    EXPECT_EQ(messages(), 0);
}

TEST_F(ExpansionTest, LargeContentIsCopied) {
    house.aliases["list@here.test"] = {goes_on("a@x.test", "s@x.test")};
    std::string content = "Subject: large\r\n\r\n" + std::string(200'000, 'x') + "\r\n";
    send("list@here.test", content);
    ASSERT_EQ(house.contents.size(), 1u);
    EXPECT_TRUE(house.contents[0].ends_with("Delivered-To: list@here.test\r\n" + content));
    EXPECT_EQ(messages(), 0);
    EXPECT_EQ(directory.content_files(), 0);
}

TEST_F(ExpansionTest, CommandsAndFilesStayAndKeepTheirKindOnDisk) {
    house.aliases["log@here.test"] = {local("log@here.test", Destination::command, "/bin/log a", ""),
                                      local("log@here.test", Destination::command, "/bin/log a", ""),
                                      local("log@here.test", Destination::file, "/var/log/m", "list")};
    house.later = true;
    send("log@here.test");
    EXPECT_THAT(house.orders,
                UnorderedElementsAre("command:/bin/log a() <sender@example.jp> log@here.test",
                                     "file:/var/log/m(list) <sender@example.jp> log@here.test"));
    EXPECT_EQ(messages(), 1);
    // The next pass takes them from the disk: nobody is asked what the alias is now.
    house.aliases["log@here.test"] = {};
    house.later = false;
    house.orders.clear();
    later(Seconds(400));
    while (house.orders.size() < 2) loop.run_once();
    settled();
    EXPECT_THAT(house.orders,
                UnorderedElementsAre("command:/bin/log a() <sender@example.jp> log@here.test",
                                     "file:/var/log/m(list) <sender@example.jp> log@here.test"));
    EXPECT_EQ(messages(), 0);
}

TEST_F(ExpansionTest, AForwardFileHasTheRightsOfItsUser) {
    house.forwards["bob"] = {{Destination::user_mailbox, ""},
                             {Destination::command, "/bin/vacation bob"},
                             {Destination::address, "bob@x.test"}};
    send("bob@here.test");
    EXPECT_THAT(house.orders,
                UnorderedElementsAre("user:bob <sender@example.jp> bob@here.test",
                                     "user_mailbox:bob <sender@example.jp> bob@here.test",
                                     "command:/bin/vacation bob(bob) <sender@example.jp> bob@here.test",
                                     "address: <sender@example.jp> bob@x.test"));
    EXPECT_THAT(house.passed, ElementsAre("bob@here.test"));
    EXPECT_EQ(messages(), 0);
}

TEST_F(ExpansionTest, AMailboxOfAnotherTransportGetsWhatTheForwardFileLeaves) {
    house.way_of_mailboxes = "[127.0.0.1]:24";
    house.forwards["bob"] = {{Destination::user_mailbox, ""}};
    house.later = true;
    send("bob@here.test");
    EXPECT_THAT(house.orders, ElementsAre("forward_file:bob <sender@example.jp> bob@here.test",
                                          "address: <sender@example.jp> bob@here.test"));
    EXPECT_EQ(messages(), 1);
    // The next attempt does not ask the .forward again, but where the mailbox is by then.
    house.way_of_mailboxes = nullptr;
    house.later = false;
    house.orders.clear();
    later(Seconds(400));
    while (house.orders.empty()) loop.run_once();
    settled();
    EXPECT_THAT(house.orders, ElementsAre("user_mailbox:bob <sender@example.jp> bob@here.test"));
    EXPECT_EQ(messages(), 0);
}

TEST_F(ExpansionTest, TheCommandOfAMailboxGoesWithTheUser) {
    ipc::ResolvedRecipient bob = local("bob@here.test", Destination::user, "", "bob");
    bob.command = "/bin/deliver";
    house.aliases["bob@here.test"] = {bob};
    house.forwards["bob"] = {{Destination::user_mailbox, ""}, {Destination::address, "a@x.test"}};
    send("bob@here.test");
    EXPECT_THAT(house.orders,
                UnorderedElementsAre("user:/bin/deliver(bob) <sender@example.jp> bob@here.test",
                                     "user_mailbox:/bin/deliver(bob) <sender@example.jp> bob@here.test",
                                     "address: <sender@example.jp> a@x.test"));
}

TEST_F(ExpansionTest, AListThatNamesItselfIsReadOnce) {
    house.aliases["all@here.test"] = {local("all@here.test", Destination::include, "/etc/all", "list")};
    house.forwards["list"] = {{Destination::include, "/etc/all"}, {Destination::address, "a@x.test"}};
    send("all@here.test");
    EXPECT_THAT(house.orders, ElementsAre("include:/etc/all(list) <sender@example.jp> all@here.test",
                                          "address: <sender@example.jp> a@x.test"));
    EXPECT_EQ(messages(), 0);
}

TEST_F(ExpansionTest, WhatADelivererMayNotSayIsPutOff) {
    // A mailbox of its own has the user alone, and nobody may make somebody else of himself.
    house.forwards["list"] = {{Destination::user_mailbox, ""}};
    house.aliases["all@here.test"] = {local("all@here.test", Destination::include, "/etc/all", "list")};
    send("all@here.test");
    EXPECT_EQ(messages(), 1);
    house.forwards["bob"] = {{Destination::address, "a@x.test\r\nRSET"}};
    send("bob@here.test");
    EXPECT_EQ(messages(), 2);
    EXPECT_THAT(house.orders, UnorderedElementsAre("include:/etc/all(list) <sender@example.jp> all@here.test",
                                                   "user:bob <sender@example.jp> bob@here.test"));
}

TEST_F(ExpansionTest, AWayThatIsTooLongEndsInABounce) {
    house.forwards["bob"] = {{Destination::address, "a@x.test"}};
    send("bob@here.test", "Subject: x\r\n\r\nhello\r\n", std::vector<std::string>(100, "x@y.test"));
    EXPECT_TRUE(log.has("sender non-delivery notification"));
    EXPECT_EQ(std::ranges::count(house.orders, "address: <sender@example.jp> a@x.test"), 0);
}

}  // namespace
}  // namespace ekiden::queue
