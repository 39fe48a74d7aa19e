#include "common/smtp/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "common/smtp/client_peer_test.h"

namespace ekiden::smtp {
namespace {

class ClientTest : public testing::Test {
  protected:
    void TearDown() override { EXPECT_THAT(peer.faults, testing::IsEmpty()); }
    // A client whose server plays the script.
    std::unique_ptr<Client> against(std::string script, Client::Protocol protocol = Client::Protocol::smtp,
                                    ClientTimeouts timeouts = {}) {
        int ends[2];
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        gate.spawn(peer.play(OwnedFd(ends[0]), std::move(script)));
        return std::make_unique<Client>(loop, OwnedFd(ends[1]), protocol, timeouts);
    }
    void begin(Client& client) {
        EXPECT_EQ(loop.run(client.greeting()).code, 220);
        EXPECT_EQ(loop.run(client.hello("me.example", {})).code, 250);
    }
    static Content content_of(std::string text) {
        Content content;
        content.text = std::move(text);
        content.size = content.text.size();
        return content;
    }
    static Transaction transaction_to(std::vector<std::string> recipients) {
        Transaction transaction;
        transaction.sender = "a@example.jp";
        transaction.recipients = std::move(recipients);
        return transaction;
    }
    void send(Client& client, Transaction& transaction, const Content& content) {
        loop.run(client.send(transaction, content, 998));
    }
    static int code(const Transaction& transaction, std::size_t recipient) {
        const auto& verdict = transaction.verdicts.at(recipient);
        return verdict ? verdict->reply.code : 0;
    }
    event::Loop loop;
    ScriptedPeer peer{loop};
    event::Gate gate{loop};
};

TEST_F(ClientTest, AProbeAsksAndTakesItBack) {
    for (const char* pipelining : {"S: 250 SIZE 1000\n", "S: 250-SIZE 1000\nS: 250 PIPELINING\n"}) {
        bool together = std::string_view(pipelining).find("PIPELINING") != std::string_view::npos;
        std::string talk =
            "S: 220 mx.example ESMTP\nC: EHLO me.example\nS: 250-mx.example\n" + std::string(pipelining);
        if (together)
            talk +=
                "C: MAIL FROM:<a@example.jp> SIZE=6\nC: RCPT TO:<b@example.net>\nC: RCPT TO:<c@example.net>\n"
                "S: 250 ok\nS: 550 5.1.1 no such user\nS: 250 2.1.5 fine\n";
        else
            talk +=
                "C: MAIL FROM:<a@example.jp> SIZE=6\nS: 250 ok\nC: RCPT TO:<b@example.net>\nS: 550 5.1.1 no "
                "such user\n"
                "C: RCPT TO:<c@example.net>\nS: 250 2.1.5 fine\n";
        auto client = against(talk + "C: RSET\nS: 250 ok\nC: QUIT\nS: 221 bye");
        begin(*client);
        Transaction transaction = transaction_to({"b@example.net", "c@example.net"});
        transaction.probe = true;
        Content none;
        none.size = 6;  // of the message that is not sent
        send(*client, transaction, none);
        EXPECT_EQ(code(transaction, 0), 550);
        EXPECT_EQ(code(transaction, 1), 250);
        EXPECT_EQ(transaction.verdicts[1]->stage, Stage::rcpt);
        EXPECT_TRUE(transaction.reusable);
        loop.run(client->quit(true));
    }
}

TEST_F(ClientTest, AProbeStandsWhenTheSessionEndsBehindIt) {
    auto client = against(
        "S: 220 mx.example ESMTP\nC: EHLO me.example\nS: 250 mx.example\nC: MAIL FROM:<a@example.jp>\nS: 250 "
        "ok\n"
        "C: RCPT TO:<b@example.net>\nS: 250 fine\n"
        "C: RSET\n");
    begin(*client);
    Transaction transaction = transaction_to({"b@example.net"});
    transaction.probe = true;
    send(*client, transaction, {});
    EXPECT_EQ(code(transaction, 0), 250);
    EXPECT_FALSE(transaction.reusable);
}

TEST_F(ClientTest, OneAfterTheOtherWithoutPipelining) {
    auto client = against(
        "S: 220 mx.example ESMTP\nC: EHLO me.example\nS: 250-mx.example\nS: 250 SIZE 1000\n"
        "C: MAIL FROM:<a@example.jp> SIZE=6\nS: 250 ok\nC: RCPT TO:<b@example.net>\nS: 550 5.1.1 no such "
        "user\n"
        "C: RCPT TO:<c@example.net>\nS: 250 ok\nC: DATA\nS: 354 go\nD\nS: 250 2.0.0 Ok: queued as X\n"
        "C: QUIT\nS: 221 bye");
    begin(*client);
    EXPECT_EQ(client->offers().size_limit, 1000U);
    EXPECT_EQ(client->server_name(), "mx.example");
    Transaction transaction = transaction_to({"b@example.net", "c@example.net"});
    send(*client, transaction, content_of(".hi\r\n!"));
    EXPECT_EQ(code(transaction, 0), 550);
    EXPECT_EQ(transaction.verdicts[0]->stage, Stage::rcpt);
    EXPECT_EQ(code(transaction, 1), 250);
    EXPECT_EQ(transaction.verdicts[1]->reply.one_line(), "250 2.0.0 Ok: queued as X");
    EXPECT_TRUE(transaction.reusable);
    EXPECT_EQ(peer.contents, std::vector<std::string>{"..hi\r\n!\r\n"});
    loop.run(client->quit(true));
}

constexpr std::string_view pipelining =
    "S: 220 mx\nC: EHLO me.example\nS: 250-mx\nS: 250-8BITMIME\nS: 250 PIPELINING\n";

TEST_F(ClientTest, PipelinedGroupHasItsRepliesAfterAllCommands) {
    auto client =
        against(std::string(pipelining) +
                "C: MAIL FROM:<a@example.jp> BODY=8BITMIME\nC: RCPT TO:<b@x>\nC: RCPT TO:<c@x>\nC: DATA\n"
                "S: 250 ok\nS: 250 ok\nS: 450 4.2.0 later\nS: 354 go\nD\nS: 250 ok\n"
                "C: RSET\nC: MAIL FROM:<a@example.jp>\nC: RCPT TO:<d@x>\nC: DATA\n"
                "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nD\nS: 451 4.3.0 not now");
    begin(*client);
    Transaction first = transaction_to({"b@x", "c@x"});
    first.eight_bit = true;
    send(*client, first, content_of("1\r\n"));
    EXPECT_EQ(code(first, 0), 250);
    EXPECT_EQ(code(first, 1), 450);
    Transaction second = transaction_to({"d@x"});
    send(*client, second, content_of("2\r\n"));
    EXPECT_EQ(code(second, 0), 451);
    EXPECT_EQ(second.verdicts[0]->stage, Stage::end_of_data);
    EXPECT_TRUE(second.reusable);
    EXPECT_EQ(peer.contents, (std::vector<std::string>{"1\r\n", "2\r\n"}));
}

TEST_F(ClientTest, NoRecipientTakenButContentAskedFor) {
    auto client = against(std::string(pipelining) +
                          "C: MAIL FROM:<a@example.jp>\nC: RCPT TO:<b@x>\nC: DATA\n"
                          "S: 250 ok\nS: 550 5.1.1 no\nS: 354 go\nD\nS: 554 no valid recipients");
    begin(*client);
    Transaction transaction = transaction_to({"b@x"});
    send(*client, transaction, content_of("secret\r\n"));
    EXPECT_EQ(code(transaction, 0), 550);
    EXPECT_EQ(peer.contents, std::vector<std::string>{""});
    EXPECT_TRUE(transaction.reusable);
}

TEST_F(ClientTest, RefusedSenderSpeaksForAll) {
    auto client = against(std::string(pipelining) +
                          "C: MAIL FROM:<a@example.jp>\nC: RCPT TO:<b@x>\nC: RCPT TO:<c@x>\nC: DATA\n"
                          "S: 553 5.1.8 no\nS: 503 no\nS: 503 no\nS: 503 no");
    begin(*client);
    Transaction transaction = transaction_to({"b@x", "c@x"});
    send(*client, transaction, content_of("x\r\n"));
    EXPECT_EQ(code(transaction, 0), 553);
    EXPECT_EQ(code(transaction, 1), 553);
    EXPECT_EQ(transaction.verdicts[1]->stage, Stage::mail);
}

TEST_F(ClientTest, RefusedDataIsForThoseWhoWereTaken) {
    auto client = against(
        "S: 220 mx\nC: EHLO me.example\nS: 250 mx\nC: MAIL FROM:<a@example.jp>\nS: 250 ok\n"
        "C: RCPT TO:<b@x>\nS: 550 no\nC: RCPT TO:<c@x>\nS: 250 ok\nC: DATA\nS: 451 4.3.0 later");
    begin(*client);
    Transaction transaction = transaction_to({"b@x", "c@x"});
    send(*client, transaction, content_of("x\r\n"));
    EXPECT_EQ(code(transaction, 0), 550);
    EXPECT_EQ(code(transaction, 1), 451);
    EXPECT_EQ(transaction.verdicts[1]->stage, Stage::data);
}

TEST_F(ClientTest, ClosingReplyEndsTheSession) {
    auto client = against(std::string(pipelining) +
                          "C: MAIL FROM:<a@example.jp>\nC: RCPT TO:<b@x>\nC: RCPT TO:<c@x>\nC: DATA\n"
                          "S: 250 ok\nS: 250 ok\nS: 421 4.3.2 shutting down\nX");
    begin(*client);
    Transaction transaction = transaction_to({"b@x", "c@x"});
    send(*client, transaction, content_of("x\r\n"));
    EXPECT_EQ(code(transaction, 0), 421);
    EXPECT_EQ(code(transaction, 1), 421);
    EXPECT_FALSE(transaction.reusable);
}

TEST_F(ClientTest, LostBehindTheDotLeavesTheRecipientOpen) {
    auto client = against(std::string(pipelining) +
                          "C: MAIL FROM:<a@example.jp>\nC: RCPT TO:<b@x>\nC: RCPT TO:<c@x>\nC: DATA\n"
                          "S: 250 ok\nS: 550 no\nS: 250 ok\nS: 354 go\nD\nX");
    begin(*client);
    Transaction transaction = transaction_to({"b@x", "c@x"});
    EXPECT_THROW(send(*client, transaction, content_of("x\r\n")), net::Closed);
    EXPECT_EQ(client->stage(), Stage::end_of_data);
    EXPECT_EQ(code(transaction, 0), 550);
    EXPECT_FALSE(transaction.verdicts[1]);
}

TEST_F(ClientTest, HeloWhereEhloIsUnknown) {
    auto client = against("S: 220 mx\nC: EHLO me.example\nS: 502 what\nC: HELO me.example\nS: 250 mx");
    begin(*client);
    EXPECT_FALSE(client->offers().esmtp);
}

TEST_F(ClientTest, GarbageIsNoReply) {
    auto client = against("S: hello\nX");
    EXPECT_THROW(loop.run(client->greeting()), net::Closed);
}

TEST_F(ClientTest, LmtpAnswersForEachRecipient) {
    auto client = against(
        "S: 220 mx\nC: LHLO me.example\nS: 250-mx\nS: 250 PIPELINING\n"
        "C: MAIL FROM:<a@example.jp>\nC: RCPT TO:<b@x>\nC: RCPT TO:<c@x>\nC: RCPT TO:<d@x>\nC: DATA\n"
        "S: 250 ok\nS: 250 ok\nS: 550 no\nS: 250 ok\nS: 354 go\nD\nS: 250 stored\nS: 452 4.2.2 full",
        Client::Protocol::lmtp);
    begin(*client);
    Transaction transaction = transaction_to({"b@x", "c@x", "d@x"});
    send(*client, transaction, content_of("x\r\n"));
    EXPECT_EQ(code(transaction, 0), 250);
    EXPECT_EQ(code(transaction, 1), 550);
    EXPECT_EQ(code(transaction, 2), 452);
}

TEST_F(ClientTest, ManyRecipientsGoInGroups) {
    std::string script(pipelining);
    std::vector<std::string> recipients;
    std::string replies = "S: 250 ok\n";
    script += "C: MAIL FROM:<a@example.jp>\n";
    for (int i = 0; i < 250; ++i) {
        recipients.push_back(fmt::format("r{}@x", i));
        if (i == 99 || i == 199) script += std::exchange(replies, "");
        script += "C: RCPT TO:<" + recipients.back() + ">\n";
        replies += i % 2 == 0 ? "S: 250 ok\n" : "S: 550 no\n";
    }
    script += "C: DATA\n" + replies + "S: 354 go\nD\nS: 250 ok";
    auto client = against(script);
    begin(*client);
    Transaction transaction = transaction_to(recipients);
    send(*client, transaction, content_of("x\r\n"));
    EXPECT_EQ(code(transaction, 248), 250);
    EXPECT_EQ(code(transaction, 249), 550);
}

TEST_F(ClientTest, ContentFromADescriptor) {
    auto client = against(
        "S: 220 mx\nC: EHLO me.example\nS: 250 mx\nC: MAIL FROM:<a@example.jp>\nS: 250 ok\n"
        "C: RCPT TO:<b@x>\nS: 250 ok\nC: DATA\nS: 354 go\nD\nS: 250 ok\n"
        "C: RSET\nS: 250 ok\nC: MAIL FROM:<a@example.jp>\nS: 250 ok\nC: RCPT TO:<b@x>\nS: 250 ok\n"
        "C: DATA\nS: 354 go\nD");
    begin(*client);
    OwnedFd file(memfd_create("content", MFD_CLOEXEC));
    std::string text;
    for (int i = 0; i < 20000; ++i) text += fmt::format(".line {}\r\n", i);
    ASSERT_EQ(write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    Content content;
    content.fd = file.get();
    content.size = text.size();
    Transaction transaction = transaction_to({"b@x"});
    send(*client, transaction, content);
    EXPECT_EQ(code(transaction, 0), 250);
    ASSERT_EQ(peer.contents.size(), 1U);
    EXPECT_EQ(peer.contents[0].size(), text.size() + 20000);
    // A file that is shorter than it should be ends the session, not the message.
    content.size += 1;
    Transaction broken = transaction_to({"b@x"});
    send(*client, broken, content);
    EXPECT_FALSE(broken.verdicts[0]);
    EXPECT_FALSE(broken.local_failure.empty());
    EXPECT_FALSE(broken.reusable);
    client.reset();
    EXPECT_TRUE(loop.run(gate.empty(Milliseconds(5000))));
    EXPECT_EQ(peer.contents.size(), 1U);
}

TEST(ServerOffers, KeywordsOfManyShapes) {
    ServerOffers offers =
        read_offers(Reply(250, "mx PIPELINING\nsize\nAUTH=LOGIN plain\nSMTPUTF8\nStartTLS\n"), {"smtputf8"});
    EXPECT_FALSE(offers.pipelining) << "the first line is the server's name";
    EXPECT_TRUE(offers.size);
    EXPECT_EQ(offers.size_limit, 0U);
    EXPECT_EQ(offers.auth, (std::vector<std::string>{"LOGIN", "PLAIN"}));
    EXPECT_FALSE(offers.smtputf8);
    EXPECT_TRUE(offers.starttls);
}

// RFC 5321 §4.5.3.2: every wait has its own limit. The server falls silent at one step; only that step's
// limit is short, so that any other would be longer than the server's patience.
struct Silence {
    const char* where;
    Milliseconds ClientTimeouts::* limit;
    Stage stage;
    std::string script;
    bool tls = false;
};

const std::vector<Silence>& silences() {
    static const std::string hello = "S: 220 mx\nC: EHLO me.example\nS: 250 mx\n";
    static const std::string mail = hello + "C: MAIL FROM:<a@example.jp>\n";
    static const std::string rcpt = mail + "S: 250 ok\nC: RCPT TO:<b@x>\n";
    static const std::string data = rcpt + "S: 250 ok\nC: DATA\n";
    static const std::string sent = data + "S: 354 go\nD\nS: 250 ok\n";
    static const std::vector<Silence> table{
        {"greeting", &ClientTimeouts::helo, Stage::greeting, "W"},
        {"EHLO", &ClientTimeouts::helo, Stage::hello, "S: 220 mx\nC: EHLO me.example\nW"},
        {"HELO", &ClientTimeouts::helo, Stage::hello,
         "S: 220 mx\nC: EHLO me.example\nS: 502 what\nC: HELO me.example\nW"},
        {"STARTTLS", &ClientTimeouts::starttls, Stage::starttls, hello + "C: STARTTLS\nW", true},
        {"handshake", &ClientTimeouts::starttls, Stage::starttls, hello + "C: STARTTLS\nS: 220 go\nW", true},
        {"MAIL", &ClientTimeouts::mail, Stage::mail, mail + "W"},
        {"RCPT", &ClientTimeouts::rcpt, Stage::rcpt, rcpt + "W"},
        {"DATA", &ClientTimeouts::data_init, Stage::data, data + "W"},
        {"content", &ClientTimeouts::data_xfer, Stage::content, data + "S: 354 go\nW"},
        {"dot", &ClientTimeouts::data_done, Stage::end_of_data, data + "S: 354 go\nD\nW"},
        {"RSET", &ClientTimeouts::rset, Stage::rset, sent + "C: RSET\nW"},
    };
    return table;
}

TEST_F(ClientTest, NoWaitIsLongerThanItsLimit) {
    Result<net::TlsContext> tls = net::TlsContext::client();
    ASSERT_TRUE(tls);
    const Content content = content_of(std::string(4'000'000, 'x') + "\r\n");
    for (const Silence& silence : silences()) {
        SCOPED_TRACE(silence.where);
        ClientTimeouts timeouts{};
        timeouts.*silence.limit = Milliseconds(100);
        auto client = against(silence.script, Client::Protocol::smtp, timeouts);
        auto whole_session = [&] {
            loop.run(client->greeting());
            loop.run(client->hello("me.example", {}));
            if (silence.tls) loop.run(client->start_tls(*tls, "mx.example"));
            for (int i = 0; i < 2; ++i) {
                Transaction transaction = transaction_to({"b@x"});
                send(*client, transaction, content);
            }
        };
        try {
            whole_session();
            ADD_FAILURE() << "it did not end";
        } catch (const net::Closed& closed) {
            EXPECT_EQ(closed.why, net::Closed::Why::timeout) << closed.text;
        }
        EXPECT_EQ(client->stage(), silence.stage);
    }
}

TEST_F(ClientTest, TheReplyToQuitIsNotWaitedForLong) {
    ClientTimeouts timeouts{};
    timeouts.quit = Milliseconds(100);
    auto client =
        against("S: 220 mx\nC: EHLO me.example\nS: 250 mx\nC: QUIT\nW", Client::Protocol::smtp, timeouts);
    begin(*client);
    const std::int64_t begun = system_clock().steady_us();
    loop.run(client->quit(true));
    EXPECT_LT(system_clock().steady_us() - begun, std::chrono::microseconds(ScriptedPeer::patience).count());
}

}  // namespace
}  // namespace ekiden::smtp
