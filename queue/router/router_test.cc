#include "queue/router/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "queue/router/named_tables.h"

namespace ekiden::router {
namespace {

using ipc::Transport;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

template <class T>
T now(Task<T> task) {
    task.start();
    EXPECT_TRUE(task.done());
    return task.result();
}

class RouterTest : public testing::Test {
  protected:
    RouterTest() {
        std::string pattern = testing::TempDir() + "/router-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        values_ = {{"myhostname", "mail.example.test"}, {"directory_database", directory_ + "/directory.db"}};
        publish(
            "INSERT INTO domain VALUES ('ours.test');"
            "INSERT INTO mailbox VALUES ('bob@ours.test', 'ours.test/bob', 0, NULL, NULL, 1), "
            "('eve@ours.test', 'ours.test/eve', 77, 3000, 3001, 0);"
            "INSERT INTO alias VALUES ('team@ours.test', 'bob@ours.test'), ('team@ours.test', "
            "'eve@ours.test'), ('team@ours.test', 'far@away.test'),"
            "('loop@ours.test', 'pool@ours.test'), ('pool@ours.test', 'loop@ours.test');");
    }
    ~RouterTest() override { std::filesystem::remove_all(directory_); }

    // As authd does it: a new file in the place of the old one.
    void publish(const std::string& rows) {
        std::string path = directory_ + "/directory.db", temporary_path = path + ".new";
        {
            auto database =
                sqlite::Database::open(temporary_path, {.durable = false, .write_ahead_log = false});
            ASSERT_TRUE(database);
            auto made = database->run_script(
                "PRAGMA application_id=1164667236; PRAGMA user_version=2;"
                "CREATE TABLE domain (name TEXT PRIMARY KEY) WITHOUT ROWID;"
                "CREATE TABLE mailbox (address TEXT PRIMARY KEY, path TEXT NOT NULL, quota INTEGER NOT NULL, "
                "uid INTEGER, gid INTEGER,"
                " enabled INTEGER NOT NULL) WITHOUT ROWID;"
                "CREATE TABLE alias (address TEXT NOT NULL, target TEXT NOT NULL, PRIMARY KEY (address, "
                "target)) WITHOUT ROWID;" +
                rows);
            ASSERT_TRUE(made) << made.error().text;
        }
        std::filesystem::rename(temporary_path, path);
    }

    Router router() {
        Result<Settings> settings = Settings::make(values_);
        EXPECT_TRUE(settings) << settings.error().text;
        std::vector<config::Finding> findings;
        auto routing = Routing::make(*settings, {}, {500, 501}, findings);
        EXPECT_TRUE(routing) << routing.error().text;
        return Router(*routing);
    }
    std::string verdict(const std::string& recipient) {
        Router asked = router();
        Result<ipc::RecipientVerdict> answer = now(asked.verify({recipient, "s@x.test"}));
        if (!answer) return "ERROR " + answer.error().text;
        static constexpr const char* classes[] = {"local", "alias", "mailbox", "relay", "remote"};
        std::string text = classes[static_cast<int>(answer->address_class)];
        return answer->known ? text : text + " " + std::to_string(answer->code) + " " + answer->text;
    }
    std::vector<std::string> ways(const std::vector<std::string>& recipients) {
        Router asked = router();
        Result<ipc::Resolution> resolution = now(asked.resolve({"s@x.test", recipients, {}}));
        std::vector<std::string> lines;
        static constexpr const char* names[] = {"virtual", "local", "smtp", "lmtp",
                                                "discard", "error", "retry"};
        for (const ipc::ResolvedRecipient& each : resolution->recipients) {
            std::string line = std::to_string(each.index) + " " + each.address + " " +
                               names[static_cast<int>(each.transport)];
            if (!each.mailbox.empty())
                line += " " + each.mailbox + " " + std::to_string(each.uid) + ":" + std::to_string(each.gid) +
                        " " + std::to_string(each.quota);
            if (each.mailbox.empty() && !each.next_hop.empty()) line += " " + each.next_hop;
            if (!each.text.empty()) line += " " + each.text;
            lines.push_back(line);
        }
        return lines;
    }

    std::string directory_;
    RawValues values_;
};

TEST_F(RouterTest, AccountsAreKnown) {
    EXPECT_EQ(verdict("bob@ours.test"), "mailbox");
    EXPECT_EQ(verdict("BOB@Ours.TEST"), "mailbox");
    EXPECT_EQ(verdict("eve@ours.test"), "mailbox") << "a disabled account gets mail";
    EXPECT_EQ(verdict("team@ours.test"), "mailbox");
    EXPECT_EQ(verdict("nobody@ours.test"),
              "mailbox 550 5.1.1 <nobody@ours.test>: Recipient address rejected: User unknown in virtual "
              "mailbox table");
    EXPECT_EQ(verdict("x@away.test"), "remote");
    EXPECT_EQ(verdict("x@sub.ours.test"), "remote");
}

TEST_F(RouterTest, RepliesAsConfigured) {
    values_["unknown_virtual_mailbox_reject_code"] = "450";
    values_["show_user_unknown_table_name"] = "no";
    EXPECT_EQ(verdict("nobody@ours.test"),
              "mailbox 450 4.1.1 <nobody@ours.test>: Recipient address rejected: User unknown");
    values_.erase("unknown_virtual_mailbox_reject_code");
    values_["soft_bounce"] = "yes";
    EXPECT_THAT(verdict("nobody@ours.test"), StartsWith("mailbox 450 4.1.1"));
}

TEST_F(RouterTest, ClassesOfMainCf) {
    values_["relay_domains"] = "relayed.test";
    values_["relay_recipient_maps"] = "inline:{ a@relayed.test=x }";
    values_["virtual_alias_domains"] = "aliased.test";
    values_["virtual_alias_maps"] = "inline:{ a@aliased.test=bob@ours.test, postmaster=bob@ours.test }";
    values_["virtual_mailbox_domains"] = "boxes.test";
    values_["virtual_mailbox_maps"] = "inline:{ a@boxes.test=boxes/a/ }";
    values_["local_recipient_maps"] = "inline:{ carol=x }";
    EXPECT_EQ(verdict("a@relayed.test"), "relay");
    EXPECT_EQ(verdict("a@sub.relayed.test"),
              "relay 550 5.1.1 <a@sub.relayed.test>: Recipient address rejected: User unknown in relay "
              "recipient table");
    EXPECT_EQ(verdict("a@aliased.test"), "alias");
    EXPECT_THAT(verdict("b@aliased.test"), HasSubstr("User unknown in virtual alias table"));
    EXPECT_EQ(verdict("a@boxes.test"), "mailbox");
    EXPECT_EQ(verdict("carol@mail.example.test"), "local");
    EXPECT_EQ(verdict("carol@[127.0.0.1]"), "local");
    EXPECT_THAT(verdict("dave@localhost"), HasSubstr("User unknown in local recipient table"));
    EXPECT_EQ(verdict("postmaster"), "local") << "completed by myorigin";
    values_["relay_recipient_maps"] = "";
    EXPECT_EQ(verdict("any@relayed.test"), "relay");
}

TEST_F(RouterTest, LookupTroubleIsTemporary) {
    values_["virtual_alias_maps"] = "fail:x";
    EXPECT_EQ(verdict("nobody@ours.test"), "ERROR fail:x always fails");
    EXPECT_THAT(ways({"bob@ours.test"}),
                ElementsAre("0 bob@ours.test retry 4.3.0 alias lookup failed: fail:x always fails"));
    values_.erase("virtual_alias_maps");
    std::filesystem::remove(directory_ + "/directory.db");
    EXPECT_THAT(verdict("bob@ours.test"), StartsWith("ERROR cannot open"));
}

TEST_F(RouterTest, NewDirectoryIsNoticed) {
    Router asked = router();
    EXPECT_FALSE(now(asked.verify({"new@ours.test", ""}))->known);
    publish(
        "INSERT INTO domain VALUES ('ours.test'); INSERT INTO mailbox VALUES ('new@ours.test', "
        "'ours.test/new', 0, NULL, NULL, 1);");
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);  // looked at once in a millisecond
    bool known = false;
    while (!known && std::chrono::steady_clock::now() < end)
        known = now(asked.verify({"new@ours.test", ""}))->known;
    EXPECT_TRUE(known);
}

TEST_F(RouterTest, MailboxesAndAliases) {
    EXPECT_THAT(ways({"Bob@ours.test", "eve@ours.test"}),
                ElementsAre("0 Bob@ours.test virtual ours.test/bob 500:501 0",
                            "1 eve@ours.test virtual ours.test/eve 3000:3001 77"));
    EXPECT_THAT(ways({"team@ours.test"}), ElementsAre("0 bob@ours.test virtual ours.test/bob 500:501 0",
                                                      "0 eve@ours.test virtual ours.test/eve 3000:3001 77",
                                                      "0 far@away.test smtp away.test"));
    EXPECT_THAT(ways({"gone@ours.test"}),
                ElementsAre("0 gone@ours.test error 5.1.1 unknown user: \"gone@ours.test\""));
}

TEST_F(RouterTest, CatchAllAndExtensions) {
    values_["recipient_delimiter"] = "+";
    publish(
        "INSERT INTO domain VALUES ('ours.test'); INSERT INTO mailbox VALUES ('bob@ours.test', "
        "'ours.test/bob', 0, NULL, NULL, 1);"
        "INSERT INTO alias VALUES ('@ours.test', 'bob@ours.test');");
    EXPECT_THAT(ways({"bob+x@ours.test"}), ElementsAre("0 bob+x@ours.test virtual ours.test/bob 500:501 0"));
    EXPECT_THAT(ways({"any@ours.test"}), ElementsAre("0 bob@ours.test virtual ours.test/bob 500:501 0"));
    EXPECT_EQ(verdict("any@ours.test"), "mailbox");
    values_["virtual_alias_maps"] = "inline:{ a@old.test=bob@ours.test, { @old.test = @away.test } }";
    EXPECT_THAT(ways({"a+x@old.test"}), ElementsAre("0 bob+x@ours.test virtual ours.test/bob 500:501 0"));
    EXPECT_THAT(ways({"keep@old.test"}), ElementsAre("0 keep@away.test smtp away.test"));
}

TEST_F(RouterTest, ExpansionIsBounded) {
    EXPECT_THAT(ways({"loop@ours.test"}),
                ElementsAre("0 loop@ours.test error 5.4.6 alias loop: the address leads back to itself"));
    values_["virtual_alias_maps"] = "inline:{ { a@x.test = a@x.test, b@x.test, b@x.test } }";
    EXPECT_THAT(ways({"a@x.test"}), ElementsAre("0 a@x.test smtp x.test", "0 b@x.test smtp x.test"));
    values_["virtual_alias_expansion_limit"] = "1";
    EXPECT_THAT(ways({"a@x.test"}),
                ElementsAre("0 a@x.test retry 4.6.0 Alias expansion error: unreasonable number of results"));
    values_["virtual_alias_expansion_limit"] = "1000";
    values_["recipient_delimiter"] = "+";
    values_["virtual_alias_maps"] = "inline:{ a@x.test=a+y@x.test }";
    EXPECT_THAT(ways({"a@x.test"}).at(0), HasSubstr("4.6.0 Alias expansion error"));
    values_["virtual_alias_maps"] = "inline:{ { a@x.test = |/bin/sh } }";
    EXPECT_THAT(ways({"a@x.test"}).at(0), HasSubstr(" error 5.3.0 alias target is not an address"));
}

// "address kind target user", and for what goes on "-> address from sender".
std::string printed(const ipc::ResolvedRecipient& r) {
    static constexpr const char* kinds[] = {"address", "user",    "user_mailbox", "command",
                                            "file",    "include", "forward_file"};
    if (r.transport == ipc::Transport::lmtp) return r.address + " lmtp " + r.next_hop;
    if (r.forwarded && r.destination == ipc::Destination::user_mailbox) return "-> a mailbox";
    if (r.forwarded) return "-> " + r.address + " from <" + r.sender + ">";
    if (r.transport != ipc::Transport::local) return r.address + " " + r.text + r.mailbox;
    std::string line = r.address + " " + kinds[static_cast<int>(r.destination)];
    if (!r.target.empty()) line += " " + r.target;
    if (!r.command.empty()) line += " |" + r.command;
    return r.user.empty() ? line : line + " as " + r.user;
}

class LocalNames : public RouterTest {
  protected:
    LocalNames() {
        values_["mydestination"] = "here.test";
        values_["myorigin"] = "here.test";
        values_["alias_maps"] = "";
        values_["recipient_delimiter"] = "+";
    }
    std::vector<std::string> leads(const std::string& recipient, const std::string& sender = "s@x.test",
                                   const std::vector<std::string>& delivered_to = {}, bool mailbox = false) {
        Router asked = router();
        ipc::ResolveRecipients question{sender, {recipient}, delivered_to};
        if (mailbox) question.mailboxes = {0};
        Result<ipc::Resolution> resolution = now(asked.resolve(std::move(question)));
        std::vector<std::string> lines;
        for (const ipc::ResolvedRecipient& each : resolution->recipients) lines.push_back(printed(each));
        return lines;
    }
};

TEST_F(LocalNames, AliasesNameAddressesCommandsFilesAndLists) {
    values_["alias_maps"] =
        "inline:{ { staff = bob, carol@far.test }, { log = \"|/bin/log -t mail\", /var/log/m, "
        ":include:/etc/l } }";
    EXPECT_THAT(leads("Staff@here.test"),
                ElementsAre("-> bob@here.test from <s@x.test>", "-> carol@far.test from <s@x.test>"));
    EXPECT_THAT(leads("staff+x@here.test"),
                ElementsAre("-> bob@here.test from <s@x.test>", "-> carol@far.test from <s@x.test>"));
    EXPECT_THAT(leads("log@here.test"),
                ElementsAre("log@here.test command /bin/log -t mail", "log@here.test file /var/log/m",
                            "log@here.test include /etc/l"));
    EXPECT_EQ(verdict("log@here.test"), "local");
    values_["allow_mail_to_commands"] = "forward";
    values_["allow_mail_to_files"] = "";
    EXPECT_THAT(leads("log@here.test"), ElementsAre("log@here.test 5.7.1 mail to command is restricted",
                                                    "log@here.test 5.7.1 mail to file is restricted",
                                                    "log@here.test include /etc/l"));
    EXPECT_THAT(leads("staff@elsewhere.test"), ElementsAre("staff@elsewhere.test "))
        << "alias_maps are for the names of this host";
}

TEST_F(LocalNames, PatternsInTables) {
    auto file = [&](const std::string& name, const std::string& content) {
        std::ofstream(directory_ + "/" + name) << content;
        return "regexp:" + directory_ + "/" + name;
    };
    // aliases(5) by patterns: the name, then the name without its extension; never by what matched.
    values_["alias_maps"] = file("aliases", "/^ghost$/ bob\n/^(phantom)$/ \"|/bin/$1\"\n/^big$/ carol\n");
    EXPECT_THAT(leads("Ghost+x@here.test"), ElementsAre("-> bob@here.test from <s@x.test>"));
    EXPECT_THAT(leads("phantom@here.test").at(0), HasSubstr("unknown user"));
    // transport(5): the whole address once.
    values_["transport_maps"] =
        file("transport", "/^far.test$/ discard:\n/^a@/ error:5.1.2 gone\n/^(b)@far/ error:$1\n");
    EXPECT_THAT(ways({"x@far.test", "a@far.test", "a+x@far.test", "b@far.test"}),
                ElementsAre("0 x@far.test smtp far.test", "1 a@far.test error 5.1.2 gone",
                            "2 a+x@far.test smtp far.test", "3 b@far.test smtp far.test"));
    // virtual(5): the whole address once, and what matched may stand in the result.
    values_["transport_maps"] = "";
    values_["virtual_alias_maps"] =
        file("virtual", "/^(.*)@old.test$/ $1@new.test\n/^@cut.test$/ all@new.test\n/^c$/ x\n");
    EXPECT_THAT(ways({"U+x@old.test", "c@cut.test", "c@here.test"}),
                ElementsAre("0 U+x@new.test smtp new.test", "1 c@cut.test smtp cut.test",
                            "2 c@here.test error 5.1.1 unknown user: \"c\""));
}

TEST_F(LocalNames, TheOwnerOfAListIsTheSender) {
    values_["alias_maps"] =
        "inline:{ { list = a@x.test }, owner-list=boss@y.test, { none = a@x.test }, list-request=boss@y.test "
        "}";
    EXPECT_THAT(leads("list@here.test"), ElementsAre("-> a@x.test from <owner-list@here.test>"));
    EXPECT_THAT(leads("list@here.test", ""), ElementsAre("-> a@x.test from <>"));
    EXPECT_THAT(leads("owner-list@here.test"), ElementsAre("-> boss@y.test from <s@x.test>"));
    EXPECT_THAT(leads("none@here.test"), ElementsAre("-> a@x.test from <s@x.test>"));
    values_["expand_owner_alias"] = "yes";
    EXPECT_THAT(leads("list@here.test"), ElementsAre("-> a@x.test from <boss@y.test>"));
    // The delimiter does not cut these two.
    values_["recipient_delimiter"] = "-";
    EXPECT_THAT(leads("list-request@here.test"), ElementsAre("-> boss@y.test from <s@x.test>"));
    EXPECT_THAT(leads("list-x@here.test"), ElementsAre("-> a@x.test from <boss@y.test>"));
}

TEST_F(LocalNames, ListsInListsHaveOwnersOfTheirOwn) {
    values_["alias_maps"] =
        "inline:{ { all = part, plain, a@x.test }, owner-all=boss, part=b@x.test, owner-part=clerk, "
        "plain=c@x.test, owner-owner-all=chief, { archive = \"|/bin/keep\", :include:/etc/members }, "
        "owner-archive=boss }";
    EXPECT_THAT(leads("all@here.test"), ElementsAre("-> part@here.test from <owner-all@here.test>",
                                                    "-> plain@here.test from <owner-all@here.test>",
                                                    "-> a@x.test from <owner-all@here.test>"));
    // The message that went on: a list inside has its own owner, or keeps that of the list that it is in.
    EXPECT_THAT(leads("part@here.test", "owner-all@here.test", {"all@here.test"}),
                ElementsAre("-> b@x.test from <owner-part@here.test>"));
    EXPECT_THAT(leads("plain@here.test", "owner-all@here.test", {"all@here.test"}),
                ElementsAre("-> c@x.test from <owner-all@here.test>"));
    // An owner is an alias, too. Failures of mail from it go to its own owner, if there is one.
    EXPECT_THAT(leads("owner-all@here.test"),
                ElementsAre("-> boss@here.test from <owner-owner-all@here.test>"));
    EXPECT_THAT(leads("owner-part@here.test"), ElementsAre("-> clerk@here.test from <s@x.test>"));
    EXPECT_THAT(leads("owner-all@here.test", ""), ElementsAre("-> boss@here.test from <>"));
    // What runs here under another sender goes on as well, with what it is.
    EXPECT_THAT(leads("archive@here.test"),
                ElementsAre("-> archive@here.test from <owner-archive@here.test>",
                            "-> archive@here.test from <owner-archive@here.test>"));
    values_["owner_request_special"] = "no";
    EXPECT_THAT(leads("all@here.test").at(0), "-> part@here.test from <s@x.test>");
}

TEST_F(LocalNames, AnAliasOnTheWayAlreadyIsALoop) {
    values_["alias_maps"] = "inline:{ a=b, b=a }";
    EXPECT_THAT(leads("a@here.test", "s@x.test", {"b@here.test"}),
                ElementsAre("-> b@here.test from <s@x.test>"));
    EXPECT_THAT(leads("a@here.test", "s@x.test", {"b@here.test", "A@HERE.test"}),
                ElementsAre("a@here.test 5.4.6 mail forwarding loop for a@here.test"));
}

TEST_F(LocalNames, UsersOfThisHost) {
    EXPECT_EQ(verdict("nobody@here.test"), "local");
    EXPECT_THAT(leads("nobody@here.test"), ElementsAre("nobody@here.test user as nobody"));
    EXPECT_THAT(leads("Nobody+list@here.test"), ElementsAre("Nobody+list@here.test user as nobody"));
    EXPECT_EQ(verdict("no-such-user@here.test"),
              "local 550 5.1.1 <no-such-user@here.test>: Recipient address rejected: User unknown in local "
              "recipient table");
    // A name among its own targets, and one with a backslash, stays.
    values_["alias_maps"] = "inline:{ { nobody = nobody, a@x.test }, { daemon = \\daemon } }";
    EXPECT_THAT(leads("nobody@here.test"),
                ElementsAre("nobody@here.test user as nobody", "-> a@x.test from <s@x.test>"));
    EXPECT_THAT(leads("daemon@here.test"), ElementsAre("daemon@here.test user_mailbox as daemon"));
}

TEST_F(LocalNames, MailboxesOfAnotherTransport) {
    auto mailbox = [&](const std::string& recipient) { return leads(recipient, "s@x.test", {}, true); };
    values_["mailbox_transport"] = "lmtp:[127.0.0.1]:24";
    values_["luser_relay"] = "nobody";
    EXPECT_THAT(leads("nobody+x@here.test"), ElementsAre("nobody+x@here.test forward_file as nobody"));
    EXPECT_THAT(mailbox("nobody+x@here.test"), ElementsAre("nobody+x@here.test lmtp [127.0.0.1]:24"));
    EXPECT_THAT(leads("ghost@here.test"), ElementsAre("ghost@here.test lmtp [127.0.0.1]:24"));
    values_["mailbox_transport_maps"] =
        "inline:{ daemon=lmtp:, { ghost = error:5.2.1 closed }, nobody+x=discard: }";
    EXPECT_THAT(mailbox("Daemon+x@here.test"), ElementsAre("Daemon+x@here.test lmtp [mail.example.test]:24"));
    EXPECT_THAT(mailbox("nobody+x@here.test"), ElementsAre("nobody+x@here.test lmtp [127.0.0.1]:24"));
    EXPECT_THAT(leads("ghost@here.test"), ElementsAre("ghost@here.test 5.2.1 closed"));
    values_["alias_maps"] = "inline:{ { daemon = \\daemon } }";
    EXPECT_THAT(leads("daemon@here.test"), ElementsAre("daemon@here.test lmtp [mail.example.test]:24"));
    values_["mailbox_transport_maps"] = "static:local:";
    EXPECT_THAT(mailbox("nobody@here.test"),
                ElementsAre("nobody@here.test 4.3.5 local: cannot take mail of users over"));
    values_["mailbox_transport_maps"] = "fail:x";
    EXPECT_THAT(mailbox("nobody@here.test"),
                ElementsAre("nobody@here.test 4.3.0 user lookup failed: fail:x always fails"));
}

TEST_F(LocalNames, CommandsOfMailboxes) {
    values_["mailbox_command_maps"] = "inline:{ { nobody = deliver -d $$USER } }";
    EXPECT_THAT(leads("nobody+x@here.test"),
                ElementsAre("nobody+x@here.test user |deliver -d $USER as nobody"));
    EXPECT_THAT(leads("daemon@here.test"), ElementsAre("daemon@here.test user as daemon"));
    EXPECT_THAT(leads("ghost@here.test"), ElementsAre("ghost@here.test 5.1.1 unknown user: \"ghost\""));
}

TEST_F(LocalNames, WhatIsForNobody) {
    EXPECT_THAT(leads("Ghost+x@here.test"), ElementsAre("Ghost+x@here.test 5.1.1 unknown user: \"ghost\""));
    values_["luser_relay"] = "$local@other.test";
    EXPECT_THAT(leads("ghost+x@here.test"), ElementsAre("-> ghost+x@other.test from <s@x.test>"));
    // Also where the mailbox of a user was recorded who is gone since.
    EXPECT_THAT(leads("ghost+x@here.test", "s@x.test", {}, true),
                ElementsAre("-> ghost+x@other.test from <s@x.test>"));
    values_["luser_relay"] = "nobody+$user.${extension?{$extension}:{none}}.$domain$shell";
    EXPECT_THAT(leads("ghost+x@here.test", ""), ElementsAre("-> nobody+ghost.x.here.test@here.test from <>"));
    EXPECT_THAT(leads("ghost@here.test"),
                ElementsAre("-> nobody+ghost.none.here.test@here.test from <s@x.test>"));
    EXPECT_THAT(leads("$user@here.test"),
                ElementsAre("-> nobody+$user.none.here.test@here.test from <s@x.test>"));
    EXPECT_THAT(leads("nobody@here.test"), ElementsAre("nobody@here.test user as nobody"));
    // Round and round is once.
    values_["luser_relay"] = "$recipient";
    EXPECT_THAT(leads("ghost@here.test"), ElementsAre("ghost@here.test 5.1.1 unknown user: \"ghost\""));
    values_["luser_relay"] = "x$local";
    EXPECT_THAT(leads("ghost@here.test", "s@x.test", {"ghost@here.test"}),
                ElementsAre("ghost@here.test 5.4.6 mail forwarding loop for ghost@here.test"));
    values_["luser_relay"] = "|/bin/sh -c $user";
    EXPECT_THAT(leads("ghost@here.test").at(0), HasSubstr(" 4.3.5 luser_relay is no address: |/bin/sh"));
    values_["fallback_transport"] = "lmtp:[127.0.0.1]:24";
    values_["fallback_transport_maps"] = "inline:{ phantom=discard: }";
    EXPECT_THAT(leads("ghost+x@here.test"), ElementsAre("ghost+x@here.test lmtp [127.0.0.1]:24"));
    EXPECT_THAT(leads("nobody@here.test"), ElementsAre("nobody@here.test user as nobody"));
}

TEST_F(LocalNames, ABadAliasWaitsForItsOwner) {
    values_["alias_maps"] = "inline:{ { a = \"unclosed } }";
    EXPECT_THAT(leads("a@here.test").at(0), HasSubstr("4.3.0 alias lookup failed"));
}

TEST_F(RouterTest, TransportsAndRelayhost) {
    values_["relayhost"] = "[smart.test]:587";
    values_["relay_domains"] = "relayed.test";
    values_["transport_maps"] =
        "inline:{ direct.test=smtp:, inner.test=:[10.0.0.1]:2525, box.test=lmtp:[127.0.0.1]:24, { "
        "closed.test = error:5.1.2 moved away }, "
        "{ late.test = retry:later }, odd.test=uucp:x, gone.test=discard:, i.test=lmtp:inet:127.0.0.1:2424, "
        "h.test=lmtp:box.test, six.test=lmtp:inet:[::1]:24, d.test=lmtp:, "
        "s.test=lmtp:unix:private/dovecot-lmtp, u@ours.test=smtp:[h.test], "
        ".sub.test=smtp:[s.test] }";
    EXPECT_THAT(
        ways({"a@any.test", "a@relayed.test", "a@direct.test", "a@inner.test", "a@box.test", "a@closed.test",
              "a@late.test", "a@odd.test", "a@gone.test", "u@ours.test", "a@x.sub.test"}),
        ElementsAre("0 a@any.test smtp [smart.test]:587", "1 a@relayed.test smtp [smart.test]:587",
                    "2 a@direct.test smtp direct.test", "3 a@inner.test smtp [10.0.0.1]:2525",
                    "4 a@box.test lmtp [127.0.0.1]:24", "5 a@closed.test error 5.1.2 moved away",
                    "6 a@late.test retry 4.0.0 later",
                    "7 a@odd.test retry 4.3.5 unknown mail transport: uucp",
                    "8 a@gone.test discard gone.test", "9 u@ours.test smtp [h.test]",
                    "10 a@x.sub.test smtp [s.test]"));
    // LMTP is for a host, never for a domain's MX.
    EXPECT_THAT(ways({"a@i.test", "a@h.test", "a@six.test", "a@d.test", "a@s.test"}),
                ElementsAre("0 a@i.test lmtp [127.0.0.1]:2424", "1 a@h.test lmtp [box.test]:24",
                            "2 a@six.test lmtp [::1]:24", "3 a@d.test lmtp [d.test]:24",
                            HasSubstr("4 a@s.test retry 4.3.5 LMTP over a unix: socket is not possible")));
    EXPECT_EQ(verdict("a@closed.test"),
              "remote 550 5.1.2 <a@closed.test>: Recipient address rejected: moved away");
}

TEST_F(RouterTest, MailboxesOfTables) {
    values_["virtual_mailbox_domains"] = "boxes.test";
    values_["virtual_mailbox_maps"] = "inline:{ a@boxes.test=boxes/a/, up@boxes.test=../x/ }";
    values_["virtual_uid_maps"] = "inline:{ a@boxes.test=1234 }";
    values_["virtual_gid_maps"] = "static:99";
    EXPECT_THAT(ways({"a@boxes.test"}), ElementsAre("0 a@boxes.test virtual boxes/a/ 1234:99 0"));
    EXPECT_THAT(ways({"up@boxes.test"}).at(0),
                HasSubstr("retry 4.3.0 alias lookup failed: virtual_mailbox_maps: bad path"));
}

TEST(NamedTables, PasswordsAreForTheRelayAlone) {
    config::Snapshot snapshot;
    snapshot.main_cf = {{"smtp_sasl_password_maps", "inline:{ host=user:secret }"}};
    NamedTables named(snapshot, {});
    EXPECT_EQ(**now(named.find(ipc::Service::relay, "inline:{ host=user:secret }", "host")), "user:secret");
    EXPECT_FALSE(now(named.find(ipc::Service::smtpd, "inline:{ host=user:secret }", "host")));
}

TEST(NamedTables, WhatIsInsideOfTables) {
    config::Snapshot snapshot;
    snapshot.main_cf = {{"virtual_alias_maps", "unionmap:{inline:{ a=1 }, debug:static:2}"},
                        {"smtp_sasl_password_maps", "unionmap:{inline:{ host=user:secret }}"}};
    NamedTables named(snapshot, {});
    EXPECT_EQ(**now(named.find(ipc::Service::smtpd, "unionmap:{inline:{ a=1 }, debug:static:2}", "a")),
              "1,2");
    EXPECT_EQ(**now(named.find(ipc::Service::smtpd, "inline:{ a=1 }", "a")), "1");
    EXPECT_EQ(**now(named.find(ipc::Service::smtpd, "static:2", "x")), "2");
    EXPECT_FALSE(now(named.find(ipc::Service::smtpd, "debug:static:3", "x")));
    EXPECT_FALSE(now(named.find(ipc::Service::smtpd, "inline:{ host=user:secret }", "host")));
}

TEST(NamedTables, SocketsOnlyWhereTheConfigurationNamesAServer) {
    auto needs = [](const std::string& maps) {
        config::Snapshot snapshot;
        snapshot.main_cf = {{"virtual_alias_maps", maps}};
        snapshot.main_cf["local_recipient_maps"] = snapshot.main_cf["alias_maps"] = "";
        return NamedTables(snapshot, {}).needs();
    };
    EXPECT_FALSE(needs("static:x").unix_sockets || needs("static:x").internet);
    EXPECT_TRUE(needs("socketmap:unix:/run/x:y").unix_sockets);
    EXPECT_FALSE(needs("socketmap:unix:/run/x:y").internet);
    EXPECT_TRUE(needs("unionmap:{static:x, socketmap:inet:127.0.0.1:99:y}").internet);
    EXPECT_TRUE(needs("static:x").paths.empty());
    EXPECT_EQ(needs("unix:passwd.byname").paths, std::vector<std::string>{"/etc"});
}

TEST(NamedTables, PatternsAreNotAskedForParts) {
    config::Snapshot snapshot;
    snapshot.main_cf = {
        {"smtpd_sender_restrictions", "check_sender_access regexp:/r, check_sender_access inline:{ d=1 }"}};
    snapshot.files = {{"/r", "/d/ REJECT $0\n/(d)/ REJECT $1\n"}};
    NamedTables named(snapshot, {});
    EXPECT_EQ(**now(named.find(ipc::Service::smtpd, "regexp:/r", "a@d")), "REJECT d");
    EXPECT_FALSE(now(named.find(ipc::Service::smtpd, "regexp:/r", "d", true))->has_value());
    EXPECT_TRUE(now(named.find(ipc::Service::smtpd, "inline:{ d=1 }", "d", true))->has_value());
}

TEST(NamedTables, OnlyWhatTheConfigurationNames) {
    config::Snapshot snapshot;
    snapshot.main_cf = {{"smtpd_sender_restrictions", "check_sender_access inline:{ a=REJECT }, permit"},
                        {"smtpd_recipient_restrictions", "check_client_access proxy:texthash:/t, reject"}};
    snapshot.files = {{"/t", "k v\n"}};
    NamedTables named(snapshot, {});
    EXPECT_EQ(**now(named.find(ipc::Service::smtpd, "inline:{ a=REJECT }", "a")), "REJECT");
    EXPECT_EQ(**now(named.find(ipc::Service::smtpd, "texthash:/t", "k")), "v");
    EXPECT_FALSE(now(named.find(ipc::Service::smtpd, "texthash:/t", "x"))->has_value());
    for (const char* other : {"texthash:/etc/passwd", "static:x", "hash:/t", "/t", ""}) {
        tables::Found found = now(named.find(ipc::Service::smtpd, other, "k"));
        ASSERT_FALSE(found) << other;
        EXPECT_EQ(found.error().kind, ErrorKind::denied);
    }
}

}  // namespace
}  // namespace ekiden::router
