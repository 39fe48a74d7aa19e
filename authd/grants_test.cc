#include "authd/grants.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "authd/grant_store.h"

namespace ekiden::authd {
namespace {

using namespace std::literals;
using enum GrantOutcome;

constexpr std::int64_t start = 1'700'000'000;
const std::vector<std::string> bobs{"bob@example.test"}, eves{"eve@example.test"}, nobodys;

net::IpAddress ip(std::string_view text) { return net::IpAddress::parse(text).value(); }

class GrantsTest : public testing::Test {
  protected:
    GrantsTest() : clock_(start * 1'000'000) {
        std::string pattern = testing::TempDir() + "ekiden-grants-XXXXXX";
        directory_ = mkdtemp(pattern.data());
    }
    ~GrantsTest() override { std::filesystem::remove_all(directory_); }
    Grants& grants() {
        if (!grants_) grants_.emplace(clock_, policy_);
        return *grants_;
    }
    GrantOutcome check(std::string_view client, std::string_view sender,
                       const std::vector<std::string>& owners) {
        return grants().check(ip(client), sender, owners).outcome;
    }
    bool login(std::string_view client, std::string_view user = "bob@example.test") {
        return grants().logged_in(ip(client), user, "pop3", false) != Grants::Login::none;
    }
    // Everything is killed and started again.
    void restart() {
        {
            SqliteGrantStore store = SqliteGrantStore::open(directory_ + "/grants.db").value();
            ASSERT_TRUE(store.save(grants().take_changes()));
        }
        grants_.reset();
        SqliteGrantStore store = SqliteGrantStore::open(directory_ + "/grants.db").value();
        grants().load(store.load().value());
    }

    ManualClock clock_;
    GrantPolicy policy_;
    std::string directory_;
    std::optional<Grants> grants_;
};

TEST_F(GrantsTest, OpensForTheAddressOfTheLoginUntilItExpires) {
    EXPECT_EQ(check("192.0.2.1", "bob@example.test", bobs), none);
    EXPECT_TRUE(login("192.0.2.1"));
    EXPECT_EQ(check("192.0.2.1", "bob@example.test", bobs), granted);
    EXPECT_EQ(check("192.0.2.2", "bob@example.test", bobs), none);
    clock_.advance(599s);
    EXPECT_EQ(check("192.0.2.1", "bob@example.test", bobs), granted);
    clock_.advance(1s);
    EXPECT_EQ(check("192.0.2.1", "bob@example.test", bobs), none);
}

TEST_F(GrantsTest, AnotherLoginProlongs) {
    login("192.0.2.1");
    clock_.advance(500s);
    login("192.0.2.1");
    clock_.advance(500s);
    GrantAnswer answer = grants().check(ip("192.0.2.1"), "bob@example.test", bobs);
    EXPECT_EQ(answer.outcome, granted);
    EXPECT_EQ(answer.grant.user, "bob@example.test");
    EXPECT_EQ(answer.grant.since, start + 500);
    EXPECT_EQ(answer.grant.expires, start + 1100);
    EXPECT_EQ(grants().size(), 1u);
}

TEST_F(GrantsTest, FrequentLoginsAreNotAllWritten) {
    EXPECT_EQ(grants().logged_in(ip("192.0.2.1"), "bob@example.test", "pop3", false), Grants::Login::opened);
    EXPECT_EQ(grants().take_changes().size(), 1u);
    for (int i = 0; i < 5; ++i) {
        clock_.advance(1s);
        EXPECT_EQ(grants().logged_in(ip("192.0.2.1"), "bob@example.test", "pop3", false),
                  Grants::Login::renewed);
        EXPECT_FALSE(grants().has_changes());
    }
    EXPECT_EQ(grants().list().at(0).expires, start + 605);
    clock_.advance(1s);
    login("192.0.2.1");
    EXPECT_EQ(grants().take_changes().size(), 1u) << "a hundredth of the time-to-live";
    EXPECT_EQ(check("192.0.2.1", "bob@example.test", bobs), granted);
    grants().take_changes();
    login("192.0.2.1");
    EXPECT_EQ(grants().take_changes().size(), 1u) << "the count of recipients begins anew on disk too";
}

TEST_F(GrantsTest, SenderMustBeOfTheUser) {
    login("192.0.2.1");
    EXPECT_EQ(check("192.0.2.1", "eve@example.test", eves), sender_refused);
    EXPECT_EQ(check("192.0.2.1", "someone@remote.test", nobodys), sender_refused);
    EXPECT_EQ(check("192.0.2.1", "", nobodys), sender_refused) << "the null sender gets none";
    login("192.0.2.1", "eve@example.test");
    EXPECT_EQ(check("192.0.2.1", "eve@example.test", eves), granted) << "behind one NAT each has their own";
    EXPECT_EQ(check("192.0.2.1", "bob@example.test", bobs), granted);
}

TEST_F(GrantsTest, SenderMatchingCanBeSwitchedOff) {
    policy_.match_sender = false;
    login("192.0.2.1");
    EXPECT_EQ(check("192.0.2.1", "someone@remote.test", nobodys), granted);
    EXPECT_EQ(check("192.0.2.1", "", nobodys), granted);
}

TEST_F(GrantsTest, RecipientsAreLimited) {
    policy_.recipient_limit = 2;
    login("192.0.2.1");
    EXPECT_EQ(check("192.0.2.1", "bob@example.test", bobs), granted);
    EXPECT_EQ(check("192.0.2.1", "eve@example.test", eves), sender_refused) << "does not count";
    restart();
    EXPECT_EQ(check("192.0.2.1", "bob@example.test", bobs), granted);
    EXPECT_EQ(check("192.0.2.1", "bob@example.test", bobs), over_limit)
        << "a restart does not reset the count";
    login("192.0.2.1");
    EXPECT_EQ(check("192.0.2.1", "bob@example.test", bobs), granted) << "a new login is a new grant";
}

TEST_F(GrantsTest, WhoseLoginsCount) {
    EXPECT_EQ(grants().logged_in(ip("192.0.2.1"), "bob@example.test", "imap", true), Grants::Login::none);
    EXPECT_EQ(grants().logged_in(ip("192.0.2.1"), "bob@example.test", "smtp", true), Grants::Login::none);
    grants_.reset();
    policy_.require_tls = true;
    policy_.services = {"pop3", "imap"};
    policy_.exclude_networks = tables::NetworkList::parse({"100.64.0.0/10"}).value();
    EXPECT_FALSE(login("192.0.2.1")) << "without TLS";
    EXPECT_EQ(grants().logged_in(ip("192.0.2.1"), "bob@example.test", "imap", true), Grants::Login::opened);
    EXPECT_EQ(grants().logged_in(ip("100.64.0.9"), "bob@example.test", "pop3", true), Grants::Login::none)
        << "carrier NAT";
    EXPECT_FALSE(grants().add(ip("100.64.0.9"), "bob@example.test", 60s));
}

TEST_F(GrantsTest, Ipv6GoesByPrefix) {
    login("2001:db8:1:2::5");
    EXPECT_EQ(check("2001:db8:1:2:ffff::1", "bob@example.test", bobs), granted);
    EXPECT_EQ(check("2001:db8:1:3::5", "bob@example.test", bobs), none);
    grants_.reset();
    policy_.ipv6_prefix = 128;
    login("2001:db8:1:2::5");
    EXPECT_EQ(check("2001:db8:1:2::6", "bob@example.test", bobs), none);
}

TEST_F(GrantsTest, RestartKeepsWhatIsLeft) {
    login("192.0.2.1");
    login("192.0.2.2", "eve@example.test");
    clock_.advance(300s);
    restart();
    EXPECT_EQ(check("192.0.2.1", "bob@example.test", bobs), granted);
    clock_.advance(299s);
    EXPECT_EQ(check("192.0.2.2", "eve@example.test", eves), granted);
    clock_.advance(1s);
    EXPECT_EQ(check("192.0.2.1", "bob@example.test", bobs), none);
    restart();
    EXPECT_EQ(grants().size(), 0u);
}

TEST_F(GrantsTest, WallClockJumpsChangeNothing) {
    login("192.0.2.1");
    clock_.set_wall((start + 86400 * 365) * 1'000'000);
    EXPECT_EQ(check("192.0.2.1", "bob@example.test", bobs), granted) << "forward";
    clock_.set_wall((start - 86400 * 365) * 1'000'000);
    restart();
    EXPECT_EQ(check("192.0.2.1", "bob@example.test", bobs), granted) << "back, and a restart";
    clock_.advance(600s);
    EXPECT_EQ(check("192.0.2.1", "bob@example.test", bobs), none) << "but never longer than was given";
}

TEST_F(GrantsTest, TheOldestGivesWay) {
    policy_.max_grants = 3;
    for (int i = 1; i <= 3; ++i) login("192.0.2." + std::to_string(i));
    login("192.0.2.1");
    login("192.0.2.4");
    EXPECT_EQ(grants().size(), 3u);
    EXPECT_EQ(check("192.0.2.2", "bob@example.test", bobs), none);
    EXPECT_EQ(check("192.0.2.1", "bob@example.test", bobs), granted);
    restart();
    EXPECT_EQ(grants().size(), 3u);
    EXPECT_EQ(check("192.0.2.2", "bob@example.test", bobs), none);
}

TEST_F(GrantsTest, OperatorListsAddsRevokesFlushes) {
    EXPECT_EQ(grants().add(ip("192.0.2.1"), "bob@example.test", 3600s).value().expires, start + 3600);
    login("192.0.2.2");
    login("192.0.2.2", "eve@example.test");
    clock_.advance(1s);
    std::vector<Grant> all = grants().list();
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0].network, "192.0.2.1");
    EXPECT_EQ(all[0].service, "ekipop");
    EXPECT_EQ(grants().revoke_user("bob@example.test"), 2u);
    EXPECT_EQ(grants().revoke_user("bob@example.test"), 0u);
    EXPECT_EQ(grants().revoke_address(ip("192.0.2.2")), 1u);
    restart();
    EXPECT_EQ(grants().size(), 0u);
    login("192.0.2.1");
    restart();
    EXPECT_EQ(grants().flush(), 1u);
    restart();
    EXPECT_EQ(grants().size(), 0u);
}

TEST_F(GrantsTest, SweepDropsTheExpiredFromDiskToo) {
    login("192.0.2.1");
    restart();
    clock_.advance(600s);
    grants().sweep();
    restart();
    EXPECT_EQ(SqliteGrantStore::open(directory_ + "/grants.db").value().load().value().size(), 0u);
}

TEST(GrantPolicyTest, ComesFromSettings) {
    Settings settings =
        Settings::make({{"pop_before_smtp_exclude_networks", "100.64.0.0/10, [2001:db8::]/32"},
                        {"pop_before_smtp_ttl", "30s"},
                        {"pop_before_smtp_services", "pop3, imap"}})
            .value();
    GrantPolicy policy = GrantPolicy::from(settings).value();
    EXPECT_EQ(policy.ttl, 30s);
    EXPECT_EQ(policy.services.size(), 2u);
    EXPECT_TRUE(policy.exclude_networks.contains(ip("2001:db8::1")));
    EXPECT_TRUE(policy.match_sender);
    for (auto [name, value] :
         {std::pair{"pop_before_smtp_exclude_networks", "nonsense"},
          std::pair{"pop_before_smtp_services", "foo"}, std::pair{"pop_before_smtp_ipv6_prefix", "0"},
          std::pair{"pop_before_smtp_max_grants", "0"}})
        EXPECT_FALSE(GrantPolicy::from(Settings::make({{name, value}}).value())) << name;
}

}  // namespace
}  // namespace ekiden::authd
