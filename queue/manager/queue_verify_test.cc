// Messages that only ask, and those whose sender wants a report, over a real spool; the router and the
// deliverers answer what each test puts into their mouths.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "queue/manager/running_queue_test.h"

namespace ekiden::queue {
namespace {

using ipc::Destination;
using test::goes_on;
using test::message;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

ipc::ResolvedRecipient command(std::string alias, std::string line) {
    return test::local(std::move(alias), Destination::command, std::move(line), "");
}

// Users of here.test by their names; all else is far away. "bounce", "later", "gone" say what they do.
class House : public Outside {
  public:
    explicit House(event::Loop& loop) : changed(loop) {}

    Task<Result<ipc::Resolution>> resolve(ipc::ResolveRecipients question) override {
        ++resolutions;
        if (!router_there) co_return temporary("router is not running");
        auto way = [&question](std::uint32_t number) {
            const std::string& asked = question.recipients[number];
            ipc::ResolvedRecipient r{};
            bool here = asked.ends_with("@here.test");
            r.address = asked;
            r.transport = here ? ipc::Transport::local : ipc::Transport::smtp;
            r.next_hop = here ? "" : asked.substr(asked.find('@') + 1);
            r.destination = here ? Destination::user : Destination::address;
            r.user = here ? asked.substr(0, asked.find('@')) : "";
            if (asked.starts_with("unknown@")) r.transport = ipc::Transport::error;
            if (asked.starts_with("unknown@")) r.text = "5.1.1 unknown user";
            return r;
        };
        co_return test::resolved(question, aliases, way);
    }

    Task<Result<ipc::DeliveryOutcome>> deliver(ipc::Transport transport, ipc::Deliver order) override {
        while (stalled && order.recipients.front().address.starts_with(stalled_for))
            co_await changed.wait(std::chrono::hours(1));
        if (!deliverers_there) co_return temporary("smtp is not running");
        if (order.probe)
            EXPECT_TRUE(order.content.empty() && !order.file)
                << "a probe has nothing that could be delivered";
        ipc::DeliveryOutcome outcome{};
        for (const ipc::DeliveryRecipient& asked : order.recipients) {
            ipc::RecipientOutcome& each = outcome.recipients.emplace_back();
            each.index = asked.index;
            (order.probe ? probed : delivered).push_back(asked.address);
            answer(transport, asked, each);
        }
        if (!order.probe) contents.push_back(order.content);
        co_return outcome;
    }

    void answer(ipc::Transport transport, const ipc::DeliveryRecipient& asked, ipc::RecipientOutcome& each) {
        bool remote = transport == ipc::Transport::smtp;
        each.relay = remote ? "mx.test[192.0.2.1]:25" : "local";
        each.remote_mta = remote ? "mx.test" : "";
        auto says = [&](ipc::DeliveryStatus status, const char* dsn, const char* reply) {
            each.status = status;
            each.dsn = dsn;
            each.remote_reply = remote ? reply : "";
            each.text = remote && status != ipc::DeliveryStatus::sent
                            ? fmt::format("host mx.test said: {}", reply)
                            : reply;
        };
        auto forward = forwards.find(asked.user);
        if (asked.destination == Destination::user && forward != forwards.end()) {
            each.status = ipc::DeliveryStatus::expanded;
            each.expansion = forward->second;
        } else if (asked.address.starts_with("bounce")) {
            says(ipc::DeliveryStatus::bounced, "5.1.1", "550 5.1.1 nobody");
        } else if (asked.address.starts_with("later")) {
            says(ipc::DeliveryStatus::deferred, "4.2.0", "451 4.2.0 later");
        } else {
            says(ipc::DeliveryStatus::sent, "2.0.0", remote ? "250 2.0.0 Ok" : "done");
        }
    }

    bool router_there = true, deliverers_there = true, stalled = false;
    std::string stalled_for;
    event::Signal changed;
    int resolutions = 0;
    test::Aliases aliases;
    std::map<std::string, std::vector<ipc::ExpandedTarget>> forwards;  // by user
    std::vector<std::string> probed, delivered, contents;
};

class VerifyTest : public test::RunningQueue<House> {
  protected:
    VerifyTest() : RunningQueue("here.test", "here.test") {}
    void ask(ipc::Trace trace, std::vector<std::string> recipients, std::string sender = "sender@here.test") {
        NewMessage m = message(1, std::move(recipients), "Subject: probe\r\n\r\nthe body\r\n");
        m.envelope.header_size = 18;
        m.envelope.arrived_us = clock.wall_us();
        m.envelope.sender = std::move(sender);
        m.envelope.trace = trace;
        accept(std::move(m));
    }
    std::vector<std::string> reports() const {
        std::vector<std::string> found;
        for (const std::string& content : house.contents)
            if (content.find("Subject: Mail Delivery Status Report\r\n") != content.npos)
                found.push_back(content);
        return found;
    }
    // The one report that there is, with its lines unfolded.
    std::string report() {
        std::vector<std::string> found = reports();
        EXPECT_EQ(found.size(), 1u);
        std::string text = found.empty() ? "" : found.front();
        for (std::size_t at = text.find("\r\n    "); at != text.npos; at = text.find("\r\n    "))
            text.replace(at, 6, " ");
        return text;
    }
    static std::string group(std::string_view address, std::string_view action, std::string_view status) {
        return fmt::format(
            "Final-Recipient: rfc822; {0}\r\nOriginal-Recipient: rfc822; {0}\r\nAction: {1}\r\nStatus: "
            "{2}\r\n",
            address, action, status);
    }
    static std::size_t count(const std::string& text, std::string_view part) {
        std::size_t found = 0;
        for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
        return found;
    }
};

TEST_F(VerifyTest, SaysOfEachWhatWouldBeDone) {
    ask(ipc::Trace::verify,
        {"a@far.test", "bounce@far.test", "later@far.test", "taro@here.test", "unknown@here.test"});
    settled();
    EXPECT_THAT(house.delivered, testing::ElementsAre("sender@here.test")) << "the report alone";
    EXPECT_EQ(messages(), 0);
    std::string text = report();
    EXPECT_THAT(text, HasSubstr(group("a@far.test", "deliverable", "2.0.0") +
                                "Remote-MTA: dns; mx.test\r\nDiagnostic-Code: smtp; 250 2.0.0 Ok\r\n"));
    EXPECT_THAT(text, HasSubstr(group("bounce@far.test", "undeliverable", "5.1.1") +
                                "Remote-MTA: dns; mx.test\r\nDiagnostic-Code: smtp; 550 5.1.1 nobody\r\n"));
    EXPECT_THAT(text, HasSubstr(group("later@far.test", "undeliverable", "4.2.0")));
    EXPECT_THAT(text, HasSubstr(group("taro@here.test", "deliverable", "2.0.0") +
                                "Diagnostic-Code: X-Ekiden; delivery via local: done\r\n"));
    EXPECT_THAT(text, HasSubstr(group("unknown@here.test", "undeliverable", "5.1.1") +
                                "Diagnostic-Code: X-Ekiden; unknown user\r\n"));
    EXPECT_THAT(text, HasSubstr("<a@far.test>: delivery via mx.test[192.0.2.1]:25: 250 2.0.0 Ok\r\n"));
    EXPECT_THAT(text, AllOf(HasSubstr("Subject: probe\r\n"), Not(HasSubstr("the body")),
                            Not(HasSubstr("Last-Attempt"))));
    EXPECT_TRUE(log.has(": sender delivery status notification: "));
    EXPECT_TRUE(log.has("status=undeliverable (unknown user)"));
}

TEST_F(VerifyTest, FollowsAliasesOfThisHost) {
    house.aliases["team@here.test"] = {goes_on("taro@here.test"), goes_on("deep@here.test"),
                                       goes_on("x@far.test")};
    house.aliases["deep@here.test"] = {command("deep@here.test", "/bin/true"),
                                       goes_on("bounce-jiro@here.test")};
    house.forwards["taro"] = {{Destination::user_mailbox, ""}, {Destination::address, "y@far.test"}};
    ask(ipc::Trace::verify, {"team@here.test"});
    settled();
    EXPECT_THAT(house.probed, testing::UnorderedElementsAre("taro@here.test", "taro@here.test",
                                                            "deep@here.test", "bounce-jiro@here.test"))
        << "his .forward file, then his mailbox; nobody far away";
    std::string text = report();
    EXPECT_EQ(count(text, "Final-Recipient"), 5u);
    EXPECT_THAT(text,
                HasSubstr("<x@far.test> (expanded from <team@here.test>): delivery via local: forwards to"));
    EXPECT_THAT(text,
                HasSubstr("<y@far.test> (expanded from <team@here.test>): delivery via local: forwards to"));
    EXPECT_THAT(text, Not(HasSubstr("Final-Recipient: rfc822; team@here.test")));
    EXPECT_EQ(messages(), 0) << "nothing went on";
}

TEST_F(VerifyTest, NamesWhatAnOwnedListHolds) {
    house.aliases["list@here.test"] = {goes_on("taro@here.test", "owner-list@here.test")};
    ask(ipc::Trace::verify, {"list@here.test"});
    settled();
    EXPECT_THAT(house.probed, IsEmpty());
    EXPECT_THAT(report(), HasSubstr("forwards to taro@here.test"));
}

TEST_F(VerifyTest, AliasesInACircleEnd) {
    house.aliases["a@here.test"] = {goes_on("b@here.test")};
    house.aliases["b@here.test"] = {goes_on("c@here.test"), goes_on("taro@here.test")};
    house.aliases["c@here.test"] = {goes_on("b@here.test"), goes_on("taro@here.test")};
    ask(ipc::Trace::verify, {"a@here.test"});
    settled();
    std::string text = report();
    EXPECT_THAT(text, HasSubstr("mail forwarding loop for b@here.test"));
    EXPECT_EQ(count(text, "Final-Recipient: rfc822; taro@here.test"), 1u) << "twice named, once told";
}

TEST_F(VerifyTest, AliasesWithoutEndEnd) {
    for (int i = 0; i < 60; ++i)
        house.aliases[fmt::format("a{}@here.test", i)] = {goes_on(fmt::format("a{}@here.test", i + 1))};
    ask(ipc::Trace::verify, {"a0@here.test"});
    settled();
    EXPECT_THAT(report(), HasSubstr("aliases nest too deeply"));
    house.contents.clear();
    for (int i = 0; i < 12'000; ++i)
        house.aliases["all@here.test"].push_back(goes_on(fmt::format("u{}@far.test", i)));
    ask(ipc::Trace::verify, {"all@here.test"});
    settled();
    std::string text = report();
    EXPECT_EQ(count(text, "an alias makes too many recipients"), 2u) << "in the note and in the report";
    EXPECT_LE(count(text, "Final-Recipient"), 10'001u);
}

TEST_F(VerifyTest, IsAskedAgainWhereSomebodyWasMissing) {
    house.deliverers_there = false;
    ask(ipc::Trace::verify, {"a@far.test", "unknown@here.test"});
    settled();
    EXPECT_THAT(house.contents, IsEmpty()) << "no report yet";
    EXPECT_EQ(messages(), 1);
    house.deliverers_there = true;
    later(Seconds(6));
    until([&] { return !house.contents.empty(); });
    settled();
    EXPECT_THAT(report(), AllOf(HasSubstr(group("a@far.test", "deliverable", "2.0.0")),
                                HasSubstr(group("unknown@here.test", "undeliverable", "5.1.1"))));
    house.contents.clear();
    house.router_there = false;
    ask(ipc::Trace::verify, {"a@far.test"});
    settled();
    EXPECT_EQ(messages(), 1);
    house.router_there = true;
    later(Seconds(6));
    until([&] { return !house.contents.empty(); });
    settled();
    EXPECT_THAT(report(), HasSubstr(group("a@far.test", "deliverable", "2.0.0")));
}

TEST_F(VerifyTest, ComesToAnEndWhereNobodyComesBack) {
    house.deliverers_there = false;
    ask(ipc::Trace::verify, {"a@far.test"});
    settled();
    for (int pass = 0; pass < 20 && !log.has("delivery status notification"); ++pass) {
        int before = house.resolutions;
        later(Seconds(100));
        until([&] { return house.resolutions > before; });
        settled();
    }
    house.deliverers_there = true;
    later(Seconds(3600));
    until([&] { return !house.contents.empty(); });
    EXPECT_THAT(report(), AllOf(HasSubstr(group("a@far.test", "undeliverable", "4.3.0")),
                                HasSubstr("mail transport unavailable")));
}

TEST_F(VerifyTest, ACrashBetweenMakesOneReportAndNoDelivery) {
    house.stalled = true;
    house.stalled_for = "slow";
    house.aliases["team@here.test"] = {goes_on("taro@here.test"), goes_on("x@far.test")};
    ask(ipc::Trace::verify, {"a@far.test", "team@here.test", "slow@slow.test"});
    until([&] { return house.probed.size() == 2; });
    end();
    begin();
    until([&] { return house.probed.size() == 4; });
    house.stalled = false;
    house.changed.notify_all();
    settled();
    EXPECT_THAT(house.delivered, testing::ElementsAre("sender@here.test"));
    EXPECT_EQ(count(report(), "Final-Recipient"), 4u);
    EXPECT_EQ(messages(), 0);
}

TEST_F(VerifyTest, AnOperatorHoldsAndReleasesIt) {
    house.stalled = true;
    ask(ipc::Trace::verify, {"a@far.test"});
    until([&] { return queue->under_way() == 1; });
    ASSERT_TRUE(loop.run(queue->change({ipc::QueueVerb::hold, "", "", true, 0, ""})));
    house.stalled = false;
    house.changed.notify_all();
    settled();
    EXPECT_THAT(house.contents, IsEmpty());
    ASSERT_TRUE(loop.run(queue->change({ipc::QueueVerb::release, "", "", true, 0, ""})));
    later(Seconds(6));
    until([&] { return !house.contents.empty(); });
    settled();
    EXPECT_THAT(report(), HasSubstr(group("a@far.test", "deliverable", "2.0.0")));
}

TEST_F(VerifyTest, NobodyIsToldInAnswerToTheNullSender) {
    ask(ipc::Trace::verify, {"a@far.test"}, "");
    ask(ipc::Trace::report, {"taro@here.test"}, "double-bounce@here.test");
    settled();
    EXPECT_THAT(reports(), IsEmpty());
    EXPECT_EQ(messages(), 0);
    EXPECT_TRUE(log.has("not sending trace/success notification for single-bounce message"));
    EXPECT_TRUE(log.has("not sending trace/success notification for double-bounce message"));
}

TEST_F(VerifyTest, ADeliveryIsReportedAfterItsFirstAttempt) {
    house.aliases["ext@here.test"] = {goes_on("z@far.test")};
    ask(ipc::Trace::report,
        {"a@far.test", "bounce@far.test", "later@far.test", "taro@here.test", "ext@here.test"});
    settled();
    std::string text = report();
    EXPECT_THAT(text, HasSubstr(group("a@far.test", "relayed", "2.0.0")));
    EXPECT_THAT(text, HasSubstr(group("bounce@far.test", "failed", "5.1.1")));
    EXPECT_THAT(text, HasSubstr(group("later@far.test", "delayed", "4.2.0")));
    EXPECT_THAT(text, HasSubstr(group("taro@here.test", "delivered", "2.0.0")));
    EXPECT_THAT(text, HasSubstr(group("ext@here.test", "relayed", "2.0.0") +
                                "Diagnostic-Code: X-Ekiden; delivery via local: forwarded as "));
    EXPECT_EQ(house.contents.size(), 5u) << "to one host, to a mailbox, the forwarded form, bounce, report";
    later(Seconds(400));
    until([&] { return std::ranges::count(house.delivered, "later@far.test") == 2; });
    settled();
    EXPECT_EQ(reports().size(), 1u);
}

TEST_F(VerifyTest, ACrashBetweenForgetsNobodyInTheReport) {
    house.stalled = true;
    house.stalled_for = "slow";
    house.aliases["ext@here.test"] = {goes_on("z@far.test")};
    ask(ipc::Trace::report, {"taro@here.test", "ext@here.test", "slow@slow.test"});
    until([&] { return house.delivered.size() == 2; });
    until([&] { return writer->waiting() == 0; });
    end();
    begin();
    house.stalled = false;
    house.changed.notify_all();
    until([&] { return !reports().empty(); });
    settled();
    EXPECT_THAT(report(), AllOf(HasSubstr(group("taro@here.test", "delivered", "2.0.0")),
                                HasSubstr(group("ext@here.test", "relayed", "2.0.0")),
                                HasSubstr(group("slow@slow.test", "relayed", "2.0.0"))));
    EXPECT_EQ(std::ranges::count(house.delivered, "taro@here.test"), 1);
    EXPECT_EQ(messages(), 0);
}

}  // namespace
}  // namespace ekiden::queue
