#include "common/smtp/restrictions/restriction.h"

#include <gtest/gtest.h>

#include "common/event/loop.h"
#include "common/smtp/options.h"
#include "common/smtp/restrictions/access.h"
#include "tests/support/scripted_house.h"

namespace ekiden::smtp {
namespace {

Result<SessionOptions> options_of(RawValues values, Role role = Role::transfer) {
    values.insert({"myhostname", "mail.example.jp"});
    Result<Settings> settings = Settings::make(std::move(values));
    if (!settings) return pass(settings);
    return SessionOptions::from(*settings, role);
}

TEST(Restrictions, DefaultsCloseTheRelay) {
    EXPECT_TRUE(options_of({}));
    EXPECT_TRUE(options_of({}, Role::submission));
}

// Whatever keeps a configuration from being used is named with the parameter that must change.
TEST(Restrictions, BadConfigurationsAreRefusedByName) {
    struct Case {
        RawValues values;
        std::string_view named;
    };
    for (const Case& c : std::initializer_list<Case>{
             {{{"smtpd_relay_restrictions", ""}},
              "smtpd_relay_restrictions: here or in smtpd_recipient_restrictions"},
             {{{"smtpd_relay_restrictions", "permit_mynetworks, permit"}},
              "specify at least one working instance of"},
             {{{"smtpd_relay_restrictions", "permit, reject"}}, "at least one"},
             {{{"smtpd_relay_restrictions", "warn_if_reject reject_unauth_destination"}}, "at least one"},
             {{{"smtpd_recipient_restrictions", "reject_nothing_at_all"}}, "\"reject_nothing_at_all\""},
             {{{"smtpd_recipient_restrictions", "check_sender_access, permit"}}, "needs a type:name table"},
             {{{"smtpd_client_restrictions", "reject_unauth_destination"}}, "smtpd_recipient_restrictions"},
             {{{"mynetworks", "10.0.0.0/8, hash:/etc/networks"}}, "mynetworks"},
             {{{"smtpd_tls_security_level", "perhaps"}}, "smtpd_tls_security_level"},
             {{{"smtpd_forbid_bare_newline", "never"}}, "smtpd_forbid_bare_newline"}}) {
        Result<SessionOptions> options = options_of(c.values);
        ASSERT_FALSE(options) << c.named;
        EXPECT_NE(options.error().text.find(c.named), std::string::npos) << options.error().text;
    }
    EXPECT_TRUE(options_of(
        {{"smtpd_relay_restrictions", ""}, {"smtpd_recipient_restrictions", "permit_mynetworks, reject"}}));
    EXPECT_FALSE(options_of({{"submission_relay_restrictions", "permit"}}, Role::submission));
}

// One RCPT from a stranger, judged by one list.
struct Judge {
    tests::ScriptedHouse house;
    event::Loop loop;
    RestrictionCodes codes;
    Facts facts;

    Judge() {
        facts.address_text = "192.0.2.7";
        facts.client_name = "host.client.example";
        facts.helo = "client.example";
        facts.transaction.emplace();
        facts.transaction->sender = "x@example.org";
    }
    Decision judge(ListKind kind, const List& words, std::string recipient = "to@elsewhere.example") {
        Result<RestrictionList> list = RestrictionList::parse(kind, words, "a_list");
        EXPECT_TRUE(list) << list.error().text;
        Evaluation evaluation{.facts = facts, .backend = house, .codes = codes, .recipient = recipient};
        ipc::VerifyRecipient question{recipient, facts.transaction->sender};
        evaluation.verdict = *loop.run(house.ask(std::move(question)));
        house.asked.clear();
        return loop.run(list->evaluate(evaluation));
    }
    std::string reply(ListKind kind, const List& words) { return judge(kind, words).reply.one_line(); }
};

TEST(Restrictions, RefusalsNameTheSubjectOfTheirList) {
    Judge judge;
    EXPECT_EQ(judge.reply(ListKind::recipient, {"reject"}),
              "554 5.7.1 <to@elsewhere.example>: Recipient address rejected: Access denied");
    EXPECT_EQ(judge.reply(ListKind::sender, {"reject"}),
              "554 5.7.1 <x@example.org>: Sender address rejected: Access denied");
    EXPECT_EQ(judge.reply(ListKind::client, {"reject"}),
              "554 5.7.1 <host.client.example[192.0.2.7]>: Client host rejected: Access denied");
    EXPECT_EQ(judge.reply(ListKind::helo, {"defer"}),
              "450 4.7.1 <client.example>: Helo command rejected: Try again later");
    judge.codes.relay_denied = 554;
    EXPECT_EQ(judge.reply(ListKind::relay, {"reject_unauth_destination"}),
              "554 5.7.1 <to@elsewhere.example>: Relaying denied (authentication required)");
    EXPECT_EQ(judge.reply(ListKind::relay, {"defer_unauth_destination"}),
              "454 4.7.1 <to@elsewhere.example>: Relaying denied (authentication required)");
}

TEST(Restrictions, TheFirstThatSpeaksDecides) {
    Judge judge;
    using Kind = Decision::Kind;
    EXPECT_EQ(judge.judge(ListKind::relay, {"permit_mynetworks", "reject"}).kind, Kind::refuse);
    judge.facts.trusted_network = true;
    EXPECT_EQ(judge.judge(ListKind::relay, {"permit_mynetworks", "reject"}).kind, Kind::permit);
    EXPECT_EQ(judge.judge(ListKind::relay, {"permit_sasl_authenticated"}).kind, Kind::next);
    judge.facts.login = "bob@example.jp";
    EXPECT_EQ(judge.judge(ListKind::relay, {"permit_sasl_authenticated", "reject"}).kind, Kind::permit);
    EXPECT_EQ(judge.judge(ListKind::sender, {"reject_authenticated_sender_login_mismatch"}).reply.code, 553);
    EXPECT_EQ(judge.judge(ListKind::recipient, {"warn_if_reject", "reject", "permit"}).kind, Kind::permit);
}

// A grant is asked for only where the outcome depends on it.
TEST(Restrictions, GrantsAreNotUsedUpByMailForUs) {
    Judge judge;
    judge.house.grants["192.0.2.7"] = "x@example.org";
    const List usual{"permit_pop_before_smtp", "reject_unauth_destination"};
    EXPECT_EQ(judge.judge(ListKind::relay, usual, "a@example.jp").kind, Decision::Kind::next);
    EXPECT_TRUE(judge.house.asked.empty());
    EXPECT_EQ(judge.judge(ListKind::relay, usual).kind, Decision::Kind::permit);
    EXPECT_EQ(judge.house.asked.size(), 1u);
    EXPECT_EQ(judge.judge(ListKind::relay, {"permit_pop_before_smtp", "reject"}, "a@example.jp").kind,
              Decision::Kind::permit);
    EXPECT_EQ(judge.house.asked.size(), 1u);
    judge.house.failing.insert("authd");
    EXPECT_EQ(judge.judge(ListKind::relay, usual).reply.code, 451);
}

TEST(Restrictions, FormsOfNames) {
    Judge judge;
    judge.facts.transaction->sender = "x@localname";
    EXPECT_EQ(judge.judge(ListKind::sender, {"reject_non_fqdn_sender"}).reply.code, 504);
    judge.facts.helo = "bad name";
    EXPECT_EQ(judge.judge(ListKind::helo, {"reject_invalid_helo_hostname"}).reply.code, 501);
    judge.facts.helo = "[192.0.2.7]";
    EXPECT_EQ(judge.judge(ListKind::helo, {"reject_non_fqdn_helo_hostname"}).kind, Decision::Kind::next);
    judge.facts.client_name = "unknown";
    EXPECT_EQ(judge.judge(ListKind::client, {"reject_unknown_client_hostname"}).reply.code, 450);
    EXPECT_EQ(judge.judge(ListKind::sender, {"reject_unknown_sender_domain"}).reply.text,
              "4.1.8 <x@localname>: Sender address rejected: Domain not found");
}

TEST(Access, Keys) {
    using Keys = std::vector<tables::Key>;
    EXPECT_EQ(access_keys_of_client("Host.Example.JP", "192.0.2.7", true), (Keys{{"host.example.jp"},
                                                                                 {"example.jp", true},
                                                                                 {"jp", true},
                                                                                 {"192.0.2.7"},
                                                                                 {"192.0.2", true},
                                                                                 {"192.0", true},
                                                                                 {"192", true}}));
    EXPECT_EQ(access_keys_of_client("unknown", "2001:db8::1", true),
              (Keys{{"2001:db8::1"}, {"2001:db8", true}, {"2001", true}}));
}

TEST(Access, Results) {
    Judge judge;
    Evaluation e{
        .facts = judge.facts, .backend = judge.house, .codes = judge.codes, .recipient = "to@x.example"};
    using Kind = Decision::Kind;
    for (std::string_view permits : {"OK", "ok", "RELAY", "1234567890", "1"})
        EXPECT_EQ(decide_by_access(e, permits).kind, Kind::permit) << permits;
    EXPECT_EQ(decide_by_access(e, "DUNNO").kind, Kind::next);
    EXPECT_EQ(decide_by_access(e, "550 go away").reply.one_line(),
              "550 5.7.1 <to@x.example>: Recipient address rejected: go away");
    EXPECT_EQ(decide_by_access(e, "550 5.1.1 nobody").reply.one_line(),
              "550 5.1.1 <to@x.example>: Recipient address rejected: nobody");
    EXPECT_EQ(decide_by_access(e, "450").reply.code, 450);
    EXPECT_EQ(decide_by_access(e, "REJECT").reply.code, 554);
    EXPECT_EQ(decide_by_access(e, "DEFER later").reply.code, 450);
    EXPECT_EQ(decide_by_access(e, "permit_mynetworks, reject").reply.code, 554);
    EXPECT_EQ(decide_by_access(e, "PREPEND X-Test: yes").kind, Kind::next);
    EXPECT_EQ(judge.facts.transaction->extra_header, "X-Test: yes\r\n");
    EXPECT_EQ(decide_by_access(e, "FILTER smtp:other").reply.code,
              451);  // not understood: refuse for now, say so
    EXPECT_EQ(decide_by_access(e, "check_sender_access hash:/x").reply.code, 451);
}

}  // namespace
}  // namespace ekiden::smtp
