#include "queue/relay/delivery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/dns/fake_resolver_test.h"
#include "common/log/lines_test.h"
#include "common/net/listener.h"
#include "common/smtp/client_peer_test.h"
#include "common/text/base64.h"

namespace ekiden::relay {
namespace {

using ipc::DeliveryStatus;

// A certificate made for this test, with its key.
constexpr std::string_view certificate =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBgTCCASegAwIBAgIUR0lTw7C0lff4JAi/ALvGMhT2RhYwCgYIKoZIzj0EAwIw\n"
    "FTETMBEGA1UEAwwKbXguZXhhbXBsZTAgFw0yNjExMjExOTQxMTJaGA8yMDg0MDUy\n"
    "MDE5NDExMlowFTETMBEGA1UEAwwKbXguZXhhbXBsZTBZMBMGByqGSM49AgEGCCqG\n"
    "SM49AwEHA0IABGgIFXhYEbSaYmorWPwCWR+eZPkFyOIVY8m43UoAP7NGh3xJgamy\n"
    "+fnmXpw0Zx7sGXSgxEmaSdar2tGL6tIs+RijUzBRMB0GA1UdDgQWBBRHKZkV0W7S\n"
    "8Q2MHFQXScYEQAIw8DAfBgNVHSMEGDAWgBRHKZkV0W7S8Q2MHFQXScYEQAIw8DAP\n"
    "BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIFk5Zgs/dN+kT7e4Ogio\n"
    "z/hk+6wU5azEpw8FBXbzkzppAiEAoSLmhq+hOfv9QMLhZipTTIsJI8vLmwmGybxn\n"
    "cLG2OKI=\n"
    "-----END CERTIFICATE-----\n";
constexpr std::string_view certificate_key =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7y32R2J13u5H1X+7\n"
    "RKvzwYdRKQ4shelmksx/YN0mnp2hRANCAARoCBV4WBG0mmJqK1j8AlkfnmT5Bcji\n"
    "FWPJuN1KAD+zRod8SYGpsvn55l6cNGce7Bl0oMRJmknWq9rRi+rSLPkY\n"
    "-----END PRIVATE KEY-----\n";

// A mail host on an address of 127.0.0.0/8: connection after connection plays the next script.
struct Host {
    Host(event::Loop& loop, const std::string& address, std::uint16_t& port,
         std::vector<std::string> its_scripts, const net::TlsContext* tls = nullptr)
        : peer(loop, tls), gate(loop), scripts(std::move(its_scripts)) {
        net::Endpoint endpoint{*net::IpAddress::parse(address), port};
        listener = std::move(*net::listen_on(endpoint, 10));
        sockaddr_storage raw{};
        socklen_t size = sizeof raw;
        getsockname(listener.get(), reinterpret_cast<sockaddr*>(&raw), &size);
        port = net::from_sockaddr(raw)->port;
        gate.spawn(net::accept_connections(
            loop, listener.get(), address, [] { return true; },
            [this](net::Accepted accepted) {
                if (connections >= scripts.size()) return;
                gate.spawn(peer.play(std::move(accepted.fd), scripts[connections++]));
            }));
    }
    smtp::ScriptedPeer peer;
    OwnedFd listener;
    event::Gate gate;
    std::vector<std::string> scripts;
    std::size_t connections = 0;
};

constexpr std::string_view hello =
    "S: 220 mx.example ESMTP\nC: EHLO me.example\nS: 250-mx.example\nS: 250-SIZE 100000\nS: 250 PIPELINING\n";

std::string mail_to(std::initializer_list<std::string_view> recipients, std::size_t size = 6) {
    std::string script = fmt::format("C: MAIL FROM:<a@me.example> SIZE={}\n", size);
    for (std::string_view recipient : recipients) script += fmt::format("C: RCPT TO:<{}>\n", recipient);
    return script + "C: DATA\n";
}

class DeliveryTest : public testing::Test {
  protected:
    DeliveryTest() {
        policy.helo_name = policy.own_name = "me.example";
        policy.idle_time = Milliseconds(60'000);
        resolver.mx("example.jp", 10, "mx1.example");
        resolver.mx("example.jp", 20, "mx2.example");
        resolver.address("mx1.example", "127.0.0.11");
        resolver.address("mx2.example", "127.0.0.12");
    }
    Host& host(const std::string& address, std::vector<std::string> scripts,
               const net::TlsContext* server = nullptr) {
        hosts.push_back(std::make_unique<Host>(loop, address, policy.port, std::move(scripts), server));
        return *hosts.back();
    }
    ipc::Deliver request(std::vector<std::string> recipients, std::string next_hop = "example.jp") {
        ipc::Deliver deliver{};
        deliver.queue_id = "Q1";
        deliver.sender = "a@me.example";
        deliver.next_hop = std::move(next_hop);
        deliver.content = "text\r\n";
        deliver.notes.size = deliver.content.size();
        deliver.notes.longest_line = 4;
        for (std::size_t i = 0; i < recipients.size(); ++i) {
            ipc::DeliveryRecipient recipient{};
            recipient.index = static_cast<std::uint32_t>(i);
            recipient.address = recipients[i];
            deliver.recipients.push_back(recipient);
        }
        return deliver;
    }
    ipc::DeliveryOutcome deliver(ipc::Deliver asked) {
        if (!connector) connector.emplace(loop, policy, tls, system_clock(), logins);
        if (!cache) cache.emplace(loop, policy, system_clock());
        Context context{loop, policy, resolver, *connector, *cache, system_clock(), last};
        const std::size_t recipients = asked.recipients.size();
        Delivery delivery(context, std::move(asked));
        ipc::DeliveryOutcome outcome = loop.run(delivery.run());
        EXPECT_EQ(outcome.recipients.size(), recipients);
        return outcome;
    }
    void TearDown() override {
        cache.reset();
        for (auto& each : hosts) EXPECT_THAT(each->peer.faults, testing::IsEmpty());
    }
    event::Loop loop;
    log::test::Lines lines;
    Policy policy;
    dns::FakeResolver resolver;
    const net::TlsContext* tls = nullptr;
    Logins* logins = nullptr;
    std::optional<Connector> connector;
    std::optional<ConnectionCache> cache;
    std::vector<std::unique_ptr<Host>> hosts;
    dns::RandomBelow last = [](std::uint32_t below) { return below - 1; };
};

TEST_F(DeliveryTest, AProbeEndsBeforeTheContent) {
    host("127.0.0.11",
         {std::string(hello) +
          "C: MAIL FROM:<a@me.example> SIZE=6\nC: RCPT TO:<b@x>\nC: RCPT TO:<c@x>\nC: RCPT TO:<d@x>\n"
          "S: 250 ok\nS: 250 2.1.5 welcome\nS: 550 5.1.1 nobody\nS: 450 4.2.0 later\n"
          "C: RSET\nS: 250 ok\n"});
    host("127.0.0.12",
         {std::string(hello) +
          "C: MAIL FROM:<a@me.example> SIZE=6\nC: RCPT TO:<d@x>\nS: 250 ok\nS: 450 4.2.0 later\n"
          "C: RSET\nS: 250 ok\n"});
    ipc::Deliver asked = request({"b@x", "c@x", "d@x"});
    asked.probe = true;
    asked.content.clear();
    ipc::DeliveryOutcome outcome = deliver(std::move(asked));
    EXPECT_EQ(outcome.recipients[0].status, DeliveryStatus::sent);
    EXPECT_EQ(outcome.recipients[0].dsn, "2.1.5");
    EXPECT_EQ(outcome.recipients[0].text, "250 2.1.5 welcome");
    EXPECT_EQ(outcome.recipients[0].remote_reply, "250 2.1.5 welcome");
    EXPECT_EQ(outcome.recipients[1].status, DeliveryStatus::bounced);
    EXPECT_EQ(outcome.recipients[2].status, DeliveryStatus::deferred);
    std::string all = fmt::to_string(fmt::join(lines.texts, "\n"));
    EXPECT_THAT(all, testing::HasSubstr("status=deliverable (250 2.1.5 welcome)"));
    EXPECT_THAT(
        all, testing::HasSubstr("status=undeliverable (host mx1.example[127.0.0.11] said: 550 5.1.1 nobody"));
    EXPECT_THAT(
        all, testing::HasSubstr("status=undeliverable (host mx2.example[127.0.0.12] said: 450 4.2.0 later"));
}

TEST_F(DeliveryTest, SentWithAnOutcomeForEachRecipient) {
    policy.port = 0;
    Host& mx = host(
        "127.0.0.11",
        {std::string(hello) + mail_to({"b@x", "c@x"}) +
         "S: 250 ok\nS: 250 ok\nS: 550 5.1.1 no such user\nS: 354 go\nD\nS: 250 2.0.0 Ok: queued as X1"});
    ipc::DeliveryOutcome outcome = deliver(request({"b@x", "c@x"}));
    const auto& sent = outcome.recipients[0];
    EXPECT_EQ(sent.status, DeliveryStatus::sent);
    EXPECT_EQ(sent.dsn, "2.0.0");
    EXPECT_EQ(sent.text, "250 2.0.0 Ok: queued as X1");
    const std::string port = std::to_string(policy.port);
    EXPECT_EQ(sent.relay, "mx1.example[127.0.0.11]:" + port);
    const auto& bounced = outcome.recipients[1];
    EXPECT_EQ(bounced.status, DeliveryStatus::bounced);
    EXPECT_EQ(bounced.dsn, "5.1.1");
    EXPECT_EQ(bounced.text,
              "host mx1.example[127.0.0.11] said: 550 5.1.1 no such user (in reply to RCPT TO command)");
    EXPECT_EQ(bounced.remote_mta, "mx1.example");
    EXPECT_EQ(bounced.remote_reply, "550 5.1.1 no such user");
    EXPECT_EQ(mx.peer.contents, std::vector<std::string>{"text\r\n"});
    ASSERT_EQ(lines.texts.size(), 2U);
    EXPECT_THAT(lines.texts[0],
                testing::MatchesRegex("Q1: to=<b@x>, relay=mx1.example\\[127.0.0.11\\]:" + port +
                                      ", delay=[0-9.]+, delays=[0-9./]+, dsn=2.0.0, status=sent "
                                      "\\(250 2.0.0 Ok: queued as X1\\)"));
}

TEST_F(DeliveryTest, TheConnectionServesTheNextMessage) {
    policy.port = 0;
    host("127.0.0.11", {std::string(hello) + mail_to({"b@x"}) +
                        "S: 250 ok\nS: 250 ok\nS: 354 go\nD\nS: 250 one\n" + "C: RSET\n" + mail_to({"c@x"}) +
                        "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nD\nS: 250 two\nC: QUIT\nS: 221 bye"});
    EXPECT_EQ(deliver(request({"b@x"})).connection_use, 1U);
    const int asked = resolver.questions;
    ipc::DeliveryOutcome second = deliver(request({"c@x"}));
    EXPECT_EQ(second.recipients[0].text, "250 two");
    EXPECT_EQ(second.connection_use, 2U);
    EXPECT_EQ(resolver.questions, asked) << "no look-up for a connection that is there";
    EXPECT_THAT(lines.texts.back(), testing::HasSubstr(", conn_use=2, "));
    EXPECT_EQ(hosts[0]->connections, 1U);
    cache->clear();
    while (hosts[0]->gate.size() > 1) loop.run_once();
}

TEST_F(DeliveryTest, AnIdleConnectionThatEndedIsReplaced) {
    policy.port = 0;
    const std::string once =
        std::string(hello) + mail_to({"b@x"}) + "S: 250 ok\nS: 250 ok\nS: 354 go\nD\nS: 250 ok\n";
    host("127.0.0.11", {once + "X", once + "C: RSET\nC: MAIL FROM:<a@me.example> SIZE=6\nX", once});
    EXPECT_EQ(deliver(request({"b@x"})).recipients[0].status, DeliveryStatus::sent);
    while (hosts[0]->gate.size() > 1) loop.run_once();
    EXPECT_EQ(deliver(request({"b@x"})).recipients[0].status, DeliveryStatus::sent)
        << "seen before it is used";
    EXPECT_EQ(deliver(request({"b@x"})).recipients[0].status, DeliveryStatus::sent)
        << "lost while it is used";
    EXPECT_EQ(hosts[0]->connections, 3U);
}

TEST_F(DeliveryTest, AnotherHostForWhatIsOpen) {
    policy.port = 0;
    host("127.0.0.11", {std::string(hello) + mail_to({"b@x", "c@x"}) +
                        "S: 250 ok\nS: 250 ok\nS: 450 4.2.0 greylisted\nS: 354 go\nD\nS: 250 ok"});
    host("127.0.0.12", {std::string(hello) + mail_to({"c@x"}) + "S: 250 ok\nS: 451 4.7.1 later\nS: 503 no"});
    ipc::DeliveryOutcome outcome = deliver(request({"b@x", "c@x"}));
    EXPECT_EQ(outcome.recipients[0].status, DeliveryStatus::sent);
    EXPECT_EQ(outcome.recipients[1].status, DeliveryStatus::deferred);
    EXPECT_EQ(outcome.recipients[1].text,
              "host mx2.example[127.0.0.12] said: 451 4.7.1 later (in reply to RCPT TO command)");
    EXPECT_FALSE(outcome.recipients[1].host_dead);
    EXPECT_THAT(lines.texts,
                testing::Contains("Q1: host mx1.example[127.0.0.11] said: 450 4.2.0 greylisted (in reply "
                                  "to RCPT TO command)"));
}

TEST_F(DeliveryTest, RefusedConnectionsAreLoggedAndPassedOver) {
    policy.port = 0;
    host("127.0.0.12",
         {std::string(hello) + mail_to({"b@x"}) + "S: 250 ok\nS: 250 ok\nS: 354 go\nD\nS: 250 ok"});
    EXPECT_EQ(deliver(request({"b@x"})).recipients[0].status, DeliveryStatus::sent);
    EXPECT_EQ(lines.texts[0],
              fmt::format("connect to mx1.example[127.0.0.11]:{}: Connection refused", policy.port));
}

TEST_F(DeliveryTest, NobodyThere) {
    policy.port = 0;
    {
        Host nobody(loop, "127.0.0.11", policy.port, {});
    }
    ipc::DeliveryOutcome outcome = deliver(request({"b@x"}));
    const auto& deferred = outcome.recipients[0];
    EXPECT_EQ(deferred.status, DeliveryStatus::deferred);
    EXPECT_EQ(deferred.dsn, "4.4.1");
    EXPECT_EQ(deferred.relay, "none");
    EXPECT_TRUE(deferred.host_dead);
    EXPECT_EQ(deferred.text,
              fmt::format("connect to mx2.example[127.0.0.12]:{}: Connection refused", policy.port));
}

TEST_F(DeliveryTest, UnfriendlyGreetings) {
    policy.port = 0;
    host("127.0.0.11", {"S: 554 5.7.1 go away"});
    host("127.0.0.12", {"S: 421 4.3.2 busy"});
    ipc::DeliveryOutcome outcome = deliver(request({"b@x"}));
    EXPECT_EQ(outcome.recipients[0].status, DeliveryStatus::deferred);
    EXPECT_EQ(outcome.recipients[0].text,
              "host mx2.example[127.0.0.12] refused to talk to me: 421 4.3.2 busy");
    EXPECT_TRUE(outcome.recipients[0].host_dead);
}

TEST_F(DeliveryTest, LostBehindTheDotIsNotTriedElsewhereAtOnce) {
    policy.port = 0;
    host("127.0.0.11", {std::string(hello) + mail_to({"b@x"}) + "S: 250 ok\nS: 250 ok\nS: 354 go\nD\nX"});
    host("127.0.0.12", {});
    ipc::DeliveryOutcome outcome = deliver(request({"b@x"}));
    EXPECT_EQ(outcome.recipients[0].status, DeliveryStatus::deferred);
    EXPECT_EQ(outcome.recipients[0].dsn, "4.4.2");
    EXPECT_EQ(
        outcome.recipients[0].text,
        "lost connection with mx1.example[127.0.0.11] while sending end of data -- message may be sent more "
        "than once");
    EXPECT_EQ(hosts[1]->connections, 0U);
}

TEST_F(DeliveryTest, LostBeforeItIsTriedElsewhere) {
    policy.port = 0;
    host("127.0.0.11", {std::string(hello) + mail_to({"b@x"}) + "S: 250 ok\nX"});
    host("127.0.0.12",
         {std::string(hello) + mail_to({"b@x"}) + "S: 250 ok\nS: 250 ok\nS: 354 go\nD\nS: 250 ok"});
    EXPECT_EQ(deliver(request({"b@x"})).recipients[0].status, DeliveryStatus::sent);
}

TEST_F(DeliveryTest, TooLargeIsKnownBeforeItIsSent) {
    policy.port = 0;
    host("127.0.0.11", {std::string(hello)});
    ipc::Deliver large = request({"b@x"});
    large.content = std::string(200'000, 'x');
    large.notes.size = large.content.size();
    ipc::DeliveryOutcome outcome = deliver(std::move(large));
    EXPECT_EQ(outcome.recipients[0].status, DeliveryStatus::bounced);
    EXPECT_EQ(outcome.recipients[0].dsn, "5.3.4");
    EXPECT_EQ(outcome.recipients[0].text,
              "message size 200000 exceeds size limit 100000 of server mx1.example[127.0.0.11]");
}

TEST_F(DeliveryTest, AddressesThatCannotBeSaid) {
    ipc::DeliveryOutcome control = deliver(request({"b\r\nRSET@x"}));
    EXPECT_EQ(control.recipients[0].dsn, "5.1.3");
    policy.port = 0;
    host("127.0.0.11",
         {std::string(hello) + mail_to({"b@x"}) + "S: 250 ok\nS: 250 ok\nS: 354 go\nD\nS: 250 ok"});
    ipc::DeliveryOutcome unicode = deliver(request({"b@x", "\xe9\xa7\x85@x"}));
    EXPECT_EQ(unicode.recipients[0].status, DeliveryStatus::sent);
    EXPECT_EQ(unicode.recipients[1].dsn, "5.6.7");
}

TEST_F(DeliveryTest, AServerWithOurNameIsALoop) {
    policy.port = 0;
    host("127.0.0.11", {"S: 220 x\nC: EHLO me.example\nS: 250 ME.example"});
    ipc::DeliveryOutcome outcome = deliver(request({"b@x"}));
    EXPECT_EQ(outcome.recipients[0].status, DeliveryStatus::bounced);
    EXPECT_EQ(outcome.recipients[0].text, "mail for example.jp loops back to myself");
}

TEST_F(DeliveryTest, TlsThatFailsFallsBackToClear) {
    policy.port = 0;
    net::TlsContext context = *net::TlsContext::client();
    tls = &context;
    const std::string offers = "S: 220 mx\nC: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\n";
    host("127.0.0.11",
         {offers + "C: STARTTLS\nS: 220 go\nS: this is no handshake\nX",
          offers + "C: MAIL FROM:<a@me.example>\nS: 250 ok\nC: RCPT TO:<b@x>\nS: 250 ok\nC: DATA\n"
                   "S: 354 go\nD\nS: 250 ok"});
    EXPECT_EQ(deliver(request({"b@x"})).recipients[0].status, DeliveryStatus::sent);
    EXPECT_EQ(hosts[0]->connections, 2U);
}

TEST_F(DeliveryTest, TlsThatIsDemandedIsNotDoneWithout) {
    policy.port = 0;
    policy.tls = TlsLevel::encrypt;
    net::TlsContext context = *net::TlsContext::client();
    tls = &context;
    host("127.0.0.11", {std::string(hello)});
    host("127.0.0.12",
         {"S: 220 mx\nC: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nX"});
    ipc::DeliveryOutcome outcome = deliver(request({"b@x"}));
    EXPECT_EQ(outcome.recipients[0].status, DeliveryStatus::deferred);
    EXPECT_EQ(outcome.recipients[0].dsn, "4.7.5");
}

TEST_F(DeliveryTest, TlsWhereItIsOffered) {
    policy.port = 0;
    policy.tls = TlsLevel::encrypt;
    net::TlsContext client = *net::TlsContext::client();
    net::TlsContext server =
        *net::TlsContext::server(certificate, Secret(std::string(certificate_key)), "test");
    tls = &client;
    host("127.0.0.11",
         {"S: 220 mx\nC: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nT\n"
          "C: EHLO me.example\nS: 250-mx\nS: 250 PIPELINING\n"
          "C: MAIL FROM:<a@me.example>\nC: RCPT TO:<b@x>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nD\nS: "
          "250 one\n"
          "C: RSET\nC: MAIL FROM:<a@me.example>\nC: RCPT TO:<b@x>\nC: DATA\n"
          "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nD\nS: 250 two"},
         &server);
    EXPECT_EQ(deliver(request({"b@x"})).recipients[0].text, "250 one");
    EXPECT_THAT(lines.texts[0],
                testing::StartsWith("Untrusted TLS connection established to mx1.example[127.0.0.11]:"));
    EXPECT_THAT(lines.texts[0], testing::HasSubstr(": TLSv1.3 with cipher "));
    EXPECT_EQ(deliver(request({"b@x"})).recipients[0].text, "250 two") << "over the same connection";
    EXPECT_EQ(hosts[0]->connections, 1U);
}

TEST_F(DeliveryTest, TlsOfAVersionThatIsNotWanted) {
    policy.port = 0;
    policy.tls = TlsLevel::encrypt;
    net::TlsContext client = *net::TlsContext::client();
    net::TlsContext server =
        *net::TlsContext::server(certificate, Secret(std::string(certificate_key)), "test");
    ASSERT_TRUE(client.limit_versions("TLSv1.3", "TLSv1.3"));
    ASSERT_TRUE(server.limit_versions("TLSv1.2", "TLSv1.2"));
    EXPECT_FALSE(server.limit_versions("TLSv1.1", "TLSv1.3"));
    EXPECT_FALSE(server.limit_versions("TLSv1.3", "TLSv1.2"));
    tls = &client;
    host("127.0.0.11",
         {"S: 220 mx\nC: EHLO me.example\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nT\nX"},
         &server);
    EXPECT_EQ(deliver(request({"b@x"})).recipients[0].status, DeliveryStatus::deferred);
}

TEST(RelayPolicy, FromTheConfiguration) {
    RawValues values{{"myhostname", "Me.Example"},
                     {"inet_interfaces", "127.0.0.1"},
                     {"smtp_tcp_port", "2525"},
                     {"proxy_interfaces", "192.0.2.1"},
                     {"smtp_tls_security_level", "encrypt"},
                     {"smtp_tls_mandatory_protocols", ">=TLSv1.3"},
                     {"inet_protocols", "ipv4"}};
    Result<Policy> policy = Policy::from(*Settings::make(values));
    ASSERT_TRUE(policy) << policy.error().text;
    EXPECT_EQ(policy->own_name, "me.example");
    EXPECT_EQ(policy->tls, TlsLevel::encrypt);
    EXPECT_EQ(policy->tls_versions.lowest, "TLSv1.3");
    EXPECT_FALSE(policy->ipv6);
    EXPECT_TRUE(policy->is_self(*net::IpAddress::parse("127.0.0.1"), 2525));
    EXPECT_TRUE(policy->is_self(*net::IpAddress::parse("192.0.2.1"), 25));
    EXPECT_FALSE(policy->is_self(*net::IpAddress::parse("127.0.0.1"), 10025));
    EXPECT_FALSE(policy->is_self(*net::IpAddress::parse("127.0.0.5"), 2525));
    for (auto [name, value] : {std::pair{"smtp_tls_security_level", "verify"},
                               {"smtp_bind_address", "::1"},
                               {"smtp_tls_protocols", "TLSv1.1"},
                               {"smtp_tcp_port", "0"},
                               {"smtp_address_preference", "ipv5"}}) {
        Result<Policy> refused = Policy::from(*Settings::make({{name, value}}));
        ASSERT_FALSE(refused) << name;
        EXPECT_THAT(refused.error().text, testing::HasSubstr(name));
    }
}

struct FakeLogins final : Logins {
    Task<Result<std::optional<Login>>> find(std::string host, std::string next_hop) override {
        asked.push_back(host + " " + next_hop);
        co_return Login{"user", Secret("pass:word")};
    }
    std::vector<std::string> asked;
};

TEST_F(DeliveryTest, LogsInToASmarthost) {
    FakeLogins fake;
    logins = &fake;
    policy.port = 0;
    policy.plain_in_clear = true;
    const std::string plain = text::base64_encode(std::string("\0user\0pass:word", 15));
    host("127.0.0.11",
         {"S: 220 mx\nC: EHLO me.example\nS: 250-mx\nS: 250 AUTH LOGIN PLAIN\nC: AUTH PLAIN " + plain +
              "\nS: 235 2.7.0 ok\nC: MAIL FROM:<a@me.example>\nS: 250 ok\nC: RCPT TO:<b@x>\nS: 250 ok\n"
              "C: DATA\nS: 354 go\nD\nS: 250 ok\nX",
          "S: 220 mx\nC: EHLO me.example\nS: 250-mx\nS: 250 AUTH LOGIN\nC: AUTH LOGIN\nS: 334 VXNlcg==\nC: " +
              text::base64_encode("user") + "\nS: 334 UGFzcw==\nC: " + text::base64_encode("pass:word") +
              "\nS: 535 5.7.8 no"});
    policy.session_limit = 1;
    EXPECT_EQ(deliver(request({"b@x"}, "[mx1.example]")).recipients[0].status, DeliveryStatus::sent);
    EXPECT_EQ(fake.asked, std::vector<std::string>{"mx1.example [mx1.example]"});
    while (hosts[0]->gate.size() > 1) loop.run_once();
    ipc::DeliveryOutcome refused = deliver(request({"b@x"}, "[mx1.example]"));
    EXPECT_EQ(refused.recipients[0].status, DeliveryStatus::deferred);
    EXPECT_EQ(refused.recipients[0].text,
              "SASL authentication failed; server mx1.example[127.0.0.11] said: 535 5.7.8 no");
}

TEST_F(DeliveryTest, ThePasswordIsNotShownInClearUnlessAllowed) {
    FakeLogins fake;
    logins = &fake;
    policy.port = 0;
    host("127.0.0.11", {"S: 220 mx\nC: EHLO me.example\nS: 250-mx\nS: 250 AUTH LOGIN PLAIN"});
    ipc::DeliveryOutcome outcome = deliver(request({"b@x"}, "[mx1.example]"));
    EXPECT_EQ(outcome.recipients[0].dsn, "4.7.0");
    EXPECT_THAT(outcome.recipients[0].text, testing::HasSubstr("smtp_sasl_security_options"));
}

TEST(Login, Values) {
    Result<Login> login = parse_login("user@example.jp:pass:word");
    ASSERT_TRUE(login);
    EXPECT_EQ(login->user, "user@example.jp");
    EXPECT_EQ(login->password.reveal(), "pass:word");
    EXPECT_FALSE(parse_login("user"));
    EXPECT_FALSE(parse_login(":password"));
}

TEST_F(DeliveryTest, AMessageWithoutItsContentIsNotSentEmpty) {
    ipc::Deliver lost = request({"b@x"});
    lost.content.clear();
    ipc::DeliveryOutcome outcome = deliver(std::move(lost));
    EXPECT_EQ(outcome.recipients[0].status, DeliveryStatus::deferred);
    EXPECT_EQ(outcome.recipients[0].dsn, "4.3.0");
}

TEST_F(DeliveryTest, BadNextHopBounces) {
    ipc::DeliveryOutcome outcome = deliver(request({"b@-x-"}, "-x-"));
    EXPECT_EQ(outcome.recipients[0].status, DeliveryStatus::bounced);
    EXPECT_EQ(outcome.recipients[0].dsn, "5.4.4");
}

}  // namespace
}  // namespace ekiden::relay
