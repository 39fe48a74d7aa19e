#include "local-delivery/command_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace ekiden::local_delivery {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(CommandText, WhatNeedsAShell) {
    for (const char* plain : {"/usr/bin/vacation taro", "procmail -a x=y", "a\tb", "user@host%x!"})
        EXPECT_FALSE(needs_shell(plain)) << plain;
    for (const char* line :
         {"a | b", "a > b", "a; b", "a \"b\"", "echo $HOME", "a*", "a'b'", "a\\b", "a (b)", "`a`", "~/x"})
        EXPECT_TRUE(needs_shell(line)) << line;
}

ipc::Deliver message() {
    ipc::Deliver m{};
    m.sender = "we`ird@elsewhere.test";
    m.client_name = "mx.elsewhere.test";
    m.client_address = "192.0.2.1";
    m.helo = "[192.0.2.1]";
    m.protocol = "ESMTPSA";
    m.login = "user;x";
    ipc::DeliveryRecipient recipient{};
    recipient.address = "taro+a`b@example.jp";
    recipient.target = "cmd";
    recipient.user = "taro";
    m.recipients.push_back(std::move(recipient));
    return m;
}

LocalSettings settings() {
    LocalSettings s;
    s.delimiters = "+";
    s.command_filter = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@+.-_";
    s.exported = {{"TZ", "Asia/Tokyo"}};
    return s;
}

TEST(CommandText, TheEnvironmentOfAUser) {
    std::vector<std::string> environment =
        environment_of(message(), {"taro", 1000, 1000, "/h/taro", "/bin/zsh", false}, settings());
    for (const char* item :
         {"PATH=/usr/bin:/bin", "HOME=/h/taro", "SHELL=/bin/zsh", "USER=taro", "LOGNAME=taro",
          "LOCAL=taro+a_b", "EXTENSION=a_b", "DOMAIN=example.jp", "RECIPIENT=taro+a_b@example.jp",
          "ORIGINAL_RECIPIENT=taro+a_b@example.jp", "SENDER=we_ird@elsewhere.test",
          "CLIENT_ADDRESS=192.0.2.1", "CLIENT_HELO=_192.0.2.1_", "CLIENT_HOSTNAME=mx.elsewhere.test",
          "CLIENT_PROTOCOL=ESMTPSA", "SASL_USERNAME=user_x", "TZ=Asia/Tokyo"})
        EXPECT_THAT(environment, Contains(item));
    EXPECT_THAT(environment, Not(Contains(StartsWith("ENVID="))));
}

TEST(CommandText, NobodyHasNoHome) {
    ipc::Deliver m = message();
    m.recipients[0].user.clear();
    m.sender.clear();
    std::vector<std::string> environment =
        environment_of(m, {"nobody", 65534, 65534, "/nonexistent", "/bin/false", true}, settings());
    EXPECT_THAT(environment, Not(Contains(StartsWith("HOME="))));
    EXPECT_THAT(environment, Not(Contains(StartsWith("SHELL="))));
    EXPECT_THAT(environment, Contains("USER=taro"));
    EXPECT_THAT(environment, Contains("SENDER="));
}

std::string outcome(int wait_status, std::string output = "") {
    ipc::DeliveryRecipient recipient{};
    recipient.target = "cmd x";
    ipc::RecipientOutcome done = outcome_of({wait_status, false, false, std::move(output)}, recipient);
    return done.dsn + " " + done.text;
}

TEST(CommandText, ExitCodes) {
    EXPECT_EQ(outcome(0), "2.0.0 delivered to command: cmd x");
    EXPECT_EQ(outcome(0, "words"), "2.0.0 delivered to command: cmd x");
    EXPECT_EQ(outcome(67 << 8), "5.1.1 user unknown");
    EXPECT_EQ(outcome(75 << 8, "later\nplease\n"), "4.3.0 temporary failure. Command output: later please");
    EXPECT_EQ(outcome(3 << 8), "5.3.0 Command died with status 3: \"cmd x\"");
    EXPECT_EQ(outcome(9), "4.3.0 Command died with signal 9: \"cmd x\"");
}

TEST(CommandText, AStatusCodeIsStronger) {
    EXPECT_EQ(outcome(1 << 8, "4.2.2 full\n"), "4.2.2 full");
    EXPECT_EQ(outcome(75 << 8, "5.7.1 no"), "5.7.1 no");
    EXPECT_EQ(outcome(75 << 8, "5.7.1"), "5.7.1 the command gave no reason");
    for (const char* none : {"2.0.0 fine", "5.7 x", "5.7.1234 x", "5.7.1x", "5..1 x", "x 5.7.1"})
        EXPECT_THAT(outcome(1 << 8, none), StartsWith("5.3.0 Command died with status 1")) << none;
}

TEST(Accounts, RootAndSystemUsersAreRefused) {
    AccountRules rules{true, 1000, "nobody"};
    EXPECT_FALSE(allow({"root", 0, 0, "/root", "", false}, rules));
    EXPECT_FALSE(allow({"toor", 1001, 0, "/", "", false}, rules)) << "group root";
    EXPECT_THAT(allow({"mail", 8, 8, "/", "", false}, rules).error().text,
                HasSubstr("local_minimum_uid (1000)"));
    EXPECT_TRUE(allow({"taro", 1000, 1000, "/", "", false}, rules));
    EXPECT_TRUE(allow({"nobody", 65534, 65534, "/", "", true}, rules));
    EXPECT_FALSE(allow({"root", 0, 0, "/", "", true}, rules)) << "default_privs = root";
    EXPECT_FALSE(find_account("no-such-user-here", rules));
    EXPECT_EQ(find_account("root", rules).error().kind, ErrorKind::denied);
    rules.as_root = false;
    EXPECT_TRUE(allow({"me", geteuid(), 1, "/", "", false}, rules));
    EXPECT_FALSE(allow({"other", geteuid() + 1, 1, "/", "", false}, rules));
}

TEST(AddressParts, UserAndExtension) {
    AddressParts parts = parts_of("taro+x+y@Example.jp", "+-", "taro");
    EXPECT_EQ(parts.user + "|" + parts.delimiter + "|" + parts.extension + "|" + parts.domain,
              "taro|+|x+y|Example.jp");
    EXPECT_EQ(parts_of("a-b@x", "-", "a-b").extension, "") << "it is the user's whole name";
    EXPECT_EQ(parts_of("+x@x", "+", "y").user, "+x");
    EXPECT_EQ(parts_of("taro+x@x", "", "taro").user, "taro+x");
}

TEST(AddressParts, ForwardPath) {
    ForwardPath path{
        "$home/.forward${recipient_delimiter}${extension}, $home/.forward /var/fw/$user/$extension $none/x",
        "abcdefghijklmnopqrstuvwxyz./"};
    Account taro{"taro", 1000, 1000, "/h/taro", "", false};
    auto files = [&](const char* address) {
        return *forward_files(path, taro, address, parts_of(address, "+", "taro"));
    };
    EXPECT_EQ(files("taro@x"), (std::vector<std::string>{"/h/taro/.forward"}));
    // The filter of this test has no '+'.
    EXPECT_EQ(files("taro+l$x@x"),
              (std::vector<std::string>{"/h/taro/.forward_l_x", "/h/taro/.forward", "/var/fw/taro/l_x"}));
    EXPECT_EQ(files("taro+../x@x"), (std::vector<std::string>{"/h/taro/.forward_../x", "/h/taro/.forward"}))
        << "no way up";
    EXPECT_EQ(forward_directories(path, taro), (std::vector<std::string>{"/var/fw/taro"}));
}

}  // namespace
}  // namespace ekiden::local_delivery
