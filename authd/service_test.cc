// The handlers over a real loop, real threads and a private state directory; only the clock and the delays
// are small.
#include "authd/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sysexits.h>

#include <filesystem>

#include "common/event/gate.h"
#include "common/sasl/digest.h"
#include "common/sasl/random.h"

namespace ekiden::authd {
namespace {

using namespace std::literals;
using ipc::AuthState;
using testing::ElementsAre;

constexpr std::string_view bob = "bob@example.test";

class ServiceTest : public testing::Test {
  protected:
    ServiceTest() : clock_(1'700'000'000'000'000) {
        sasl::initialize();
        std::string pattern = testing::TempDir() + "ekiden-authd-XXXXXX";
        directory_ = mkdtemp(pattern.data());
        set({});
        admin({"user", "domain", "add", "example.test"});
        admin({"user", "add", std::string(bob)}, "secret");
        admin({"user", "add", "eve@example.test", "-a"}, "secret");
    }
    ~ServiceTest() override {
        service_.reset();
        std::filesystem::remove_all(directory_);
    }
    // Starts (again) with these settings over small delays and costs.
    void set(RawValues values) {
        service_.reset();
        RawValues all{{"data_directory", directory_},      {"mydomain", "example.test"},
                      {"myhostname", "mail.example.test"}, {"auth_hash_memory", "8192"},
                      {"auth_hash_operations", "1"},       {"auth_failure_delay", "0"}};
        for (auto& [name, value] : values) all[name] = value;
        options_ = Options::from(Settings::make(all).value()).value();
        std::shared_ptr<Storage> storage = Storage::open(options_, clock_).value();
        service_ = std::make_shared<Service>(loop_, clock_, options_, storage, MailboxIdentity{1000, 1001},
                                             sasl::Nobody(options_.hash_cost));
        service_->begin();
    }
    ipc::ClientFacts client(std::string service = "pop3", bool tls = false) {
        return {std::move(service), address_, tls, "s1"};
    }
    ipc::AuthAnswer login(std::string user, std::string password, std::string service = "pop3") {
        return loop_
            .run(service_->password_login({client(service), std::move(user), Secret(std::move(password))},
                                          front_))
            .value();
    }
    ipc::AdminReply admin(std::vector<std::string> words, std::string password = {}) {
        std::optional<Secret> secret;
        if (!password.empty()) secret.emplace(std::move(password));
        return loop_.run(service_->administer({std::move(words), std::move(secret)}, {ipc::Service::admin}))
            .value();
    }
    ipc::GrantVerdict grant(std::string address, std::string sender) {
        return loop_
            .run(service_->check_grant({std::move(address), std::move(sender)}, {ipc::Service::smtpd}))
            .value();
    }
    ipc::AuthAnswer apop(std::string user, std::string challenge, std::string password) {
        std::string digest = sasl::apop_digest(challenge, Secret(std::move(password)));
        return loop_
            .run(service_->apop_login({client(), std::move(user), std::move(challenge), digest}, front_))
            .value();
    }
    Task<> come(int& in, std::string user, std::string password = "secret") {
        ipc::PasswordLogin question{client("submission"), std::move(user), Secret(std::move(password))};
        Result<ipc::AuthAnswer> answer = co_await service_->password_login(std::move(question), front_);
        if (answer && answer->state == AuthState::success) ++in;
    }
    std::uint64_t hashes() const {
        for (const ipc::NamedValue& counter : service_->counters())
            if (counter.key == "checks") return std::stoull(counter.value);
        return 0;
    }
    std::string challenge() { return loop_.run(service_->challenges({1}, front_)).value().challenges.at(0); }

    ManualClock clock_;
    event::Loop loop_;
    std::string directory_;
    std::string address_ = "192.0.2.1";
    ipc::Sender front_{ipc::Service::pop3_front, 0, 1};
    Options options_;
    std::shared_ptr<Service> service_;
};

TEST_F(ServiceTest, GoodLoginBringsATicketThatOpensItsMailboxOnce) {
    ipc::AuthAnswer answer = login("Bob@Example.test", "secret");
    EXPECT_EQ(answer.state, AuthState::success);
    EXPECT_EQ(answer.login, bob);
    auto redeem = [&] {
        return loop_.run(service_->redeem({answer.ticket, "pop3"}, {ipc::Service::pop3_session}));
    };
    ipc::MailboxOwner owner = redeem().value();
    EXPECT_EQ(owner.login, bob);
    EXPECT_EQ(owner.mailbox, "example.test/bob/");
    EXPECT_EQ(owner.uid, 1000u);
    EXPECT_EQ(owner.gid, 1001u);
    EXPECT_EQ(owner.quota, 0u);
    EXPECT_FALSE(redeem());
    EXPECT_EQ(login("bob", "secret").login, bob) << "a name without a domain";
    EXPECT_TRUE(login("bob", "secret", "submission").ticket.empty()) << "SMTP opens no mailbox";
}

TEST_F(ServiceTest, WhatOthersChangeIsTakenOverAndOurOwnIsKnownAlready) {
    auto published = [&] { return std::filesystem::last_write_time(options_.directory_database); };
    ASSERT_EQ(login("bob", "secret").state, AuthState::success);
    const std::uint64_t hashed = hashes();
    auto before = published();
    loop_.run(service_->follow_accounts());
    ASSERT_EQ(login("bob", "secret").state, AuthState::success);
    EXPECT_EQ(hashes(), hashed) << "remembered";
    EXPECT_EQ(published(), before);
    using accounts::Accounts;
    Accounts other = Accounts::open(options_.accounts_database, sqlite::Access::create, clock_).value();
    ASSERT_TRUE(other.set_enabled(bob, false));
    loop_.run(service_->follow_accounts());
    EXPECT_EQ(login("bob", "secret").state, AuthState::failure);
    EXPECT_NE(published(), before);
}

TEST_F(ServiceTest, BadLoginsAreAllTheSame) {
    admin({"user", "disable", "eve@example.test"});
    for (auto [user, password] :
         std::initializer_list<std::pair<std::string, std::string>>{{"bob", "Secret"},
                                                                    {"nobody", "secret"},
                                                                    {"eve", "secret"},
                                                                    {"", ""},
                                                                    {"bob\nx", "secret"},
                                                                    {"bob", ""},
                                                                    {"bob@elsewhere.test", "secret"},
                                                                    {std::string(1000, 'a'), "x"}}) {
        ipc::AuthAnswer answer = login(user, password);
        EXPECT_EQ(answer.state, AuthState::failure) << user;
        EXPECT_EQ(answer.login + answer.ticket + answer.challenge, "");
    }
    EXPECT_FALSE(grant(address_, std::string(bob)).granted) << "a failed login gives nothing";
}

TEST_F(ServiceTest, PasswordChangesWorkAtOnce) {
    EXPECT_EQ(login("bob", "secret").state, AuthState::success);
    std::string ticket = login("bob", "secret").ticket;
    admin({"user", "passwd", std::string(bob)}, "other");
    EXPECT_EQ(login("bob", "secret").state, AuthState::failure);
    EXPECT_EQ(login("bob", "other").state, AuthState::success);
    EXPECT_FALSE(loop_.run(service_->redeem({ticket, "pop3"}, {ipc::Service::pop3_session})));
    admin({"user", "disable", std::string(bob)});
    EXPECT_EQ(login("bob", "other").state, AuthState::failure);
    EXPECT_FALSE(grant(address_, std::string(bob)).granted);
}

TEST_F(ServiceTest, LoginOpensTheRelayOverRestarts) {
    EXPECT_FALSE(grant(address_, std::string(bob)).granted);
    login("bob", "secret");
    ipc::GrantVerdict verdict = grant(address_, std::string(bob));
    EXPECT_TRUE(verdict.granted);
    EXPECT_EQ(verdict.user, bob);
    EXPECT_EQ(verdict.expires - verdict.since, 600);
    EXPECT_TRUE(grant(address_, "eve@example.test").sender_refused);
    EXPECT_FALSE(grant("192.0.2.2", std::string(bob)).granted);
    set({});  // nobody said goodbye
    EXPECT_TRUE(grant(address_, std::string(bob)).granted);
    clock_.advance(600s);
    EXPECT_FALSE(grant(address_, std::string(bob)).granted);
}

TEST_F(ServiceTest, SubmissionLoginsOpenNothing) {
    login("bob", "secret", "submission");
    EXPECT_FALSE(grant(address_, std::string(bob)).granted);
}

TEST_F(ServiceTest, ApopOnlyForWhomItIsEnabled) {
    std::string once = challenge();
    EXPECT_EQ(apop("eve", once, "secret").state, AuthState::success);
    EXPECT_EQ(apop("eve", once, "secret").state, AuthState::failure) << "a challenge is good once";
    EXPECT_EQ(apop("eve", challenge(), "Secret").state, AuthState::failure);
    EXPECT_EQ(apop("bob", challenge(), "secret").state, AuthState::failure) << "not enabled";
    EXPECT_EQ(apop("nobody", challenge(), "secret").state, AuthState::failure);
    EXPECT_EQ(apop("eve", "<1.2@mail.example.test>", "secret").state, AuthState::failure);
    EXPECT_TRUE(grant(address_, "eve@example.test").granted);
}

TEST_F(ServiceTest, MechanismsAreOfferedByNeedAndFilter) {
    auto names = [&](std::string service) {
        return loop_.run(service_->mechanisms({std::move(service)}, front_)).value();
    };
    EXPECT_THAT(names("submission").names, ElementsAre("CRAM-MD5", "PLAIN", "LOGIN"));
    EXPECT_TRUE(names("pop3").apop);
    admin({"user", "apop", "eve@example.test", "off"});
    EXPECT_THAT(names("submission").names, ElementsAre("PLAIN", "LOGIN"));
    EXPECT_FALSE(names("pop3").apop);
    set({{"smtpd_sasl_mechanism_filter", "plain"}});
    EXPECT_THAT(names("submission").names, ElementsAre("PLAIN"));
    EXPECT_EQ(loop_.run(service_->start({client("smtp"), "LOGIN", std::nullopt}, front_)).value().state,
              AuthState::failure);
}

TEST_F(ServiceTest, SaslExchangesBelongToTheWorkerThatBeganThem) {
    ipc::AuthAnswer first =
        loop_.run(service_->start({client("smtp"), "login", std::nullopt}, front_)).value();
    EXPECT_EQ(first.state, AuthState::proceed);
    EXPECT_EQ(first.challenge, "Username:");
    ipc::Sender other{ipc::Service::smtpd, 7, 1};
    EXPECT_EQ(loop_.run(service_->proceed({first.exchange, Secret("bob")}, other)).value().state,
              AuthState::temporary);
    ipc::AuthAnswer second = loop_.run(service_->proceed({first.exchange, Secret("bob")}, front_)).value();
    EXPECT_EQ(second.challenge, "Password:");
    ipc::AuthAnswer third = loop_.run(service_->proceed({second.exchange, Secret("secret")}, front_)).value();
    EXPECT_EQ(third.state, AuthState::success);
    EXPECT_EQ(loop_.run(service_->proceed({second.exchange, Secret("secret")}, front_)).value().state,
              AuthState::temporary);
    ipc::AuthAnswer plain =
        loop_.run(service_->start({client("smtp"), "PLAIN", Secret("\0bob\0secret"s)}, front_)).value();
    EXPECT_EQ(plain.login, bob);
    ipc::AuthAnswer as_eve =
        loop_.run(service_->start({client("smtp"), "PLAIN", Secret("eve\0bob\0secret"s)}, front_)).value();
    EXPECT_EQ(as_eve.state, AuthState::failure) << "nobody may act as another";
    ipc::AuthAnswer broken =
        loop_.run(service_->start({client("smtp"), "PLAIN", Secret("bob")}, front_)).value();
    EXPECT_EQ(broken.state, AuthState::malformed);
    ipc::AuthAnswer lost =
        loop_.run(service_->start({client("smtp"), "LOGIN", std::nullopt}, front_)).value();
    service_->peer_lost(front_);
    EXPECT_EQ(loop_.run(service_->proceed({lost.exchange, Secret("bob")}, front_)).value().state,
              AuthState::temporary);
}

TEST_F(ServiceTest, CramMd5ProvesTheSealedSecret) {
    auto cram = [&](std::string user, std::string password) {
        ipc::AuthAnswer first =
            loop_.run(service_->start({client("smtp"), "CRAM-MD5", std::nullopt}, front_)).value();
        std::string response =
            user + " " + sasl::cram_md5_digest(first.challenge, Secret(std::move(password)));
        return loop_.run(service_->proceed({first.exchange, Secret(response)}, front_)).value();
    };
    EXPECT_EQ(cram("eve@example.test", "secret").login, "eve@example.test");
    EXPECT_EQ(cram("eve@example.test", "Secret").state, AuthState::failure);
    EXPECT_EQ(cram("bob@example.test", "secret").state, AuthState::failure) << "not enabled";
}

TEST_F(ServiceTest, AnAddressThatGuessesIsNotListenedToAnyMore) {
    set({{"auth_failure_limit_address", "3"}});
    for (int i = 0; i < 3; ++i) login("bob", "guess");
    EXPECT_EQ(login("bob", "secret").state, AuthState::failure);
    address_ = "192.0.2.2";
    EXPECT_EQ(login("bob", "secret").state, AuthState::success) << "bob himself comes in from elsewhere";
}

TEST_F(ServiceTest, OnlyTheGuesserWaits) {
    set({{"auth_failure_delay", "2s"}});
    Task<Result<ipc::AuthAnswer>> held = service_->password_login({client(), "bob", Secret("guess")}, front_);
    held.start();
    address_ = "192.0.2.2";
    EXPECT_EQ(login("bob", "secret").state, AuthState::success);
    EXPECT_FALSE(held.done()) << "still held back";
}

TEST_F(ServiceTest, RepeatedLoginsDoNotHashAgain) {
    std::uint64_t before = hashes();
    for (int i = 0; i < 200; ++i) ASSERT_EQ(login("bob", "secret", "submission").state, AuthState::success);
    EXPECT_EQ(hashes(), before + 1);
    EXPECT_EQ(login("bob", "guess").state, AuthState::failure);
    EXPECT_EQ(hashes(), before + 2);
}

// Five connections of one mail program, or everybody behind one address after a restart.
TEST_F(ServiceTest, ManyAtOnceFromOneAddressAllGetIn) {
    std::uint64_t before = hashes();
    event::Gate gate(loop_);
    int in = 0;
    for (int i = 0; i < 30; ++i) {
        gate.spawn(come(in, "bob"));
        gate.spawn(come(in, "eve@example.test"));
    }
    EXPECT_TRUE(loop_.run(gate.empty(60s)));
    EXPECT_EQ(in, 60);
    EXPECT_EQ(hashes(), before + 2) << "the same claim is checked once";
}

TEST_F(ServiceTest, AGuesserLeavesHashingThreadsToOthers) {
    set({{"auth_failure_delay", "0s"}, {"auth_hash_threads", "2"}});
    std::uint64_t before = hashes();
    event::Gate gate(loop_);
    int in = 0;
    for (int i = 0; i < 10; ++i) gate.spawn(come(in, "bob", "guess" + std::to_string(i)));
    EXPECT_EQ(hashes(), before + 2) << "the others wait for these";
    address_ = "192.0.2.2";
    gate.spawn(come(in, "bob"));
    EXPECT_EQ(hashes(), before + 2 + 1) << "who comes from elsewhere is next";
    EXPECT_TRUE(loop_.run(gate.empty(60s)));
    EXPECT_EQ(in, 1);
    EXPECT_EQ(hashes(), before + 11);
}

TEST_F(ServiceTest, SenderOwners) {
    admin({"user", "alias", "add", "sales@example.test", std::string(bob)});
    auto owns = [&](std::string login, std::string sender) {
        return loop_
            .run(service_->check_sender({std::move(login), std::move(sender)}, {ipc::Service::submission}))
            .value()
            .owned;
    };
    EXPECT_TRUE(owns(std::string(bob), "SALES@example.test"));
    EXPECT_FALSE(owns("eve@example.test", "sales@example.test"));
    EXPECT_FALSE(owns(std::string(bob), ""));
}

TEST_F(ServiceTest, DirectoryFollowsTheAccountsAtOnce) {
    auto count = [&] {
        sqlite::Options options;
        options.access = sqlite::Access::immutable;
        sqlite::Database directory = sqlite::Database::open(directory_ + "/directory.db", options).value();
        return directory.number("SELECT count(*) FROM mailbox").value();
    };
    EXPECT_EQ(count(), 2);
    admin({"user", "add", "dan@example.test"}, "secret");
    EXPECT_EQ(count(), 3);
    admin({"user", "delete", "dan@example.test"});
    EXPECT_EQ(count(), 2);
}

TEST_F(ServiceTest, OperatorsHandleGrants) {
    EXPECT_EQ(admin({"grants", "add", "192.0.2.7", "bob", "1h"}).exit_status, 0);
    EXPECT_THAT(admin({"grants", "list"}).lines,
                ElementsAre("192.0.2.7 bob@example.test ekipop 2023-11-14T22:13:20Z 3600 0"));
    EXPECT_TRUE(grant("192.0.2.7", std::string(bob)).granted);
    EXPECT_EQ(admin({"grants", "revoke", "192.0.2.7"}).exit_status, 0);
    EXPECT_EQ(admin({"grants", "revoke", "bob"}).exit_status, EX_UNAVAILABLE);
    EXPECT_FALSE(grant("192.0.2.7", std::string(bob)).granted);
    EXPECT_EQ(admin({"grants", "add", "192.0.2.7", "nobody"}).exit_status, EX_NOUSER);
    EXPECT_EQ(admin({"grants", "add", "nonsense", "bob"}).exit_status, EX_DATAERR);
    EXPECT_EQ(admin({"grants", "add", "192.0.2.7", "bob", "-1"}).exit_status, EX_DATAERR);
    login("bob", "secret");
    EXPECT_THAT(admin({"grants", "flush"}).lines, ElementsAre("1 grants ended"));
    EXPECT_EQ(admin({"grants"}).exit_status, EX_USAGE);
    EXPECT_FALSE(grant(address_, std::string(bob)).granted);
}

TEST_F(ServiceTest, AFullDiskDoesNotKeepPeopleFromTheirMail) {
    std::shared_ptr<Storage> storage = Storage::open(options_, clock_).value();
    service_ = std::make_shared<Service>(loop_, clock_, options_, storage, MailboxIdentity{1, 1},
                                         sasl::Nobody(options_.hash_cost));
    // A table that is gone stands for any store that cannot be written.
    sqlite::Database other = sqlite::Database::open(directory_ + "/grants.db").value();
    ASSERT_TRUE(other.run_script("DROP TABLE relay_grant"));
    EXPECT_EQ(login("bob", "secret").state, AuthState::success);
    EXPECT_TRUE(grant(address_, std::string(bob)).granted);
}

}  // namespace
}  // namespace ekiden::authd
