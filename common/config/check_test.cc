#include "common/config/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace ekiden::config {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class CheckTest : public testing::Test {
  protected:
    CheckTest() {
        std::string pattern = testing::TempDir() + "/check-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        for (const char* program : {"smtpd", "submission", "authd", "manager", "router", "logger"}) {
            write(program, "");
            ::chmod((directory_ + "/" + program).c_str(), 0755);
        }
    }
    ~CheckTest() override { std::filesystem::remove_all(directory_); }

    void write(const std::string& name, const std::string& content) {
        std::ofstream(directory_ + "/" + name) << content;
    }
    Checked run(const std::string& main, const std::string& more_services = "") {
        bool own =
            main.find("# alias_maps") == 0 || ("\n" + main).find("\nalias_maps =") != std::string::npos;
        write("main.cf", "daemon_directory = " + directory_ + "\n" + main + (own ? "" : "alias_maps =\n"));
        write("master.cf",
              "smtp inet n - y - 1 smtpd\nauthd unix - - y - 1 authd\nqmgr unix - - n - 1 manager\nrewrite "
              "unix - - n - 1 router\n"
              "postlog unix - - n - 1 logger\n" +
                  more_services);
        return check(directory_, 3);
    }
    std::vector<std::string> formatted(const Checked& checked) {
        std::vector<std::string> lines;
        for (const Finding& finding : checked.findings) {
            std::string line = format(finding);
            for (std::size_t at; (at = line.find(directory_)) != std::string::npos;)
                line.replace(at, directory_.size(), "DIR");
            lines.push_back(line);
        }
        return lines;
    }

    std::string directory_;
};

TEST_F(CheckTest, GoodConfigurationBecomesASnapshot) {
    write("clients", "10.0.0.0/8 OK\n");
    Checked checked = run("mynetworks = 127.0.0.0/8 cidr:" + directory_ +
                          "/clients\nmine = 1\nsmtpd_banner = $myhostname $mine\n");
    EXPECT_THAT(formatted(checked), IsEmpty());
    ASSERT_TRUE(checked.snapshot);
    EXPECT_EQ(checked.snapshot->generation, 3u);
    EXPECT_EQ(checked.snapshot->files.at(directory_ + "/clients"), "10.0.0.0/8 OK\n");
    EXPECT_FALSE(checked.snapshot->main_cf.at("system_hostname").empty());
    EXPECT_EQ(checked.snapshot->services.size(), 5u);
}

// As Debian's main.cf has it.
TEST_F(CheckTest, TheOriginMayStandInAFile) {
    write("mailname", "mail.example.jp\nmore\n");
    Checked checked = run("myorigin = " + directory_ + "/mailname\n");
    EXPECT_THAT(formatted(checked), IsEmpty());
    ASSERT_TRUE(checked.snapshot);
    EXPECT_EQ(checked.snapshot->settings().value()[param::myorigin], "mail.example.jp");
    EXPECT_THAT(formatted(run("myorigin = " + directory_ + "/none\n")),
                testing::ElementsAre(HasSubstr("DIR/main.cf, line 2: in parameter myorigin: ")));
}

// Named in main.cf a table of aliases must be there; what Debian's Postfix has by default may be missing.
TEST_F(CheckTest, AHostMayHaveNoAliases) {
    const std::string remedy = "/etc/aliases.db: No such file or directory (run: ";
    const std::string by_default = "# alias_maps\nmydestination = here.test\n";
    bool host_has_aliases = std::filesystem::exists("/etc/aliases.db");
    Checked checked = run(by_default);
    EXPECT_TRUE(checked.snapshot);
    if (host_has_aliases)  // of ours, or of Postfix's
        EXPECT_THAT(
            formatted(checked),
            testing::Each(HasSubstr("/etc/aliases.db is not a table built by ekimap (run: newaliases")));
    else
        EXPECT_THAT(formatted(checked),
                    testing::ElementsAre(HasSubstr("DIR/main.cf: in parameter alias_maps: cannot open " +
                                                   remedy + "newaliases")));
    EXPECT_THAT(formatted(run("# alias_maps\nmydestination =\n")), IsEmpty()) << "no names of this host";
    checked = run("alias_maps = hash:" + directory_ + "/aliases\n");
    EXPECT_FALSE(checked.snapshot);
    EXPECT_THAT(formatted(checked), Contains(HasSubstr("run: ekialias hash:DIR/aliases")));
}

// As somebody has it who comes from Postfix, where hash: is Berkeley DB; or where something else has that
// name.
TEST_F(CheckTest, BuiltTablesOfOthers) {
    write("theirs.db", std::string(12, '\0') + "\x61\x15\x06" + std::string(500, 'x'));
    write("other.db", std::string("SQLite format 3\0", 16) + std::string(500, 'x'));
    ASSERT_EQ(::mkfifo((directory_ + "/pipe.db").c_str(), 0600), 0);
    for (const char* name : {"theirs", "other", "pipe"}) {
        const std::string table = directory_ + "/" + name;
        Checked checked = run("virtual_alias_maps = unionmap:{hash:" + table + ", inline:{a=b}}\n");
        EXPECT_THAT(
            formatted(checked),
            Contains(fmt::format("DIR/main.cf, line 2: in parameter virtual_alias_maps: DIR/{0}.db is not "
                                 "a table built by ekimap (run: ekimap hash:DIR/{0})",
                                 name)));
        EXPECT_FALSE(checked.snapshot);
    }
}

TEST_F(CheckTest, WhatIsWrongHasFileLineAndRemedy) {
    struct Case {
        std::string main, services, wanted;
    };
    for (const Case& c : std::vector<Case>{
             {"smtpd_timeout = soon\n", "",
              "DIR/main.cf, line 2: bad time value for parameter smtpd_timeout: \"soon\" (a whole number "
              "with s, m, h, d or w)"},
             {"\nmyorigin = $mydomain\nmydomain = $myorigin\n", "",
              "DIR/main.cf, line 3: defined by way of itself: $myorigin -> $mydomain -> $myorigin"},
             {"smtpd_milters = inet:localhost:8891\n", "",
              "DIR/main.cf, line 2: unsupported parameter: smtpd_milters=inet:localhost:8891 (remove it)"},
             {"smtpd_tls_protocols = >=TLS1.3\n", "",
              "DIR/main.cf, line 2: in parameter smtpd_tls_protocols: \">=TLS1.3\" is no TLS version: "
              "TLSv1.2 or "
              "TLSv1.3, with >=, <= or ! before it"},
             {"", "587 inet n - n - - submission -o smtpd_tls_mandatory_protocols=TLSv1.1\n",
              "DIR/master.cf, line 6: in parameter smtpd_tls_mandatory_protocols: leaves neither TLSv1.2 nor "
              "TLSv1.3"},
             {"inet_protocols = ipv5\n", "",
              "DIR/main.cf, line 2: bad value for parameter inet_protocols: \"ipv5\" (one of all, ipv4, "
              "ipv6)"},
             {"notify_classes = bounce, foo\n", "",
              "DIR/main.cf, line 2: bad value for parameter notify_classes: \"foo\" (one of 2bounce, bounce, "
              "data, delay, policy, protocol, resource, software)"},
             {"smtp_sasl_security_options = noplaintxt\n", "",
              "DIR/main.cf, line 2: bad value for parameter smtp_sasl_security_options: \"noplaintxt\" (one "
              "of "
              "noplaintext, noactive, nodictionary, noanonymous, forward_secrecy, mutual_auth)"},
             {"smtpd_forbid_unauth_pipelining = maybe\n", "",
              "DIR/main.cf, line 2: bad boolean value for parameter smtpd_forbid_unauth_pipelining: "
              "\"maybe\" "
              "(yes or no)"},
             {"syslog_facility = post\n", "",
              "DIR/main.cf, line 2: in parameter syslog_facility: no facility \"post\" (mail, daemon, user, "
              "auth "
              "or local0 to local7)"},
             {"transport_maps = nisplus:x\n", "",
              "DIR/main.cf, line 2: in parameter transport_maps: unsupported dictionary type: nisplus "
              "(ekiconf -m lists the types)"},
             {"transport_maps = hash:/nowhere/t\n", "",
              "DIR/main.cf, line 2: in parameter transport_maps: cannot open /nowhere/t.db: No such file or "
              "directory (run: ekimap hash:/nowhere/t)"},
             {"virtual_alias_maps = texthash:/nowhere/t\n", "",
              "DIR/main.cf, line 2: in parameter virtual_alias_maps: cannot open /nowhere/t: No such file or "
              "directory"},
             {"", "x unix - - n - - nosuch\n",
              "DIR/master.cf, line 6: service x: cannot run DIR/nosuch: No such file or directory (programs "
              "stand in daemon_directory = DIR)"},
             {"", "25 inet n - n - - smtpd\n", "DIR/master.cf, line 6: port 25 is taken by a service above"},
             {"", "587 inet n - n - - submission -o smtpd_timeout=1x\n",
              "DIR/master.cf, line 6: service 587: bad time value for parameter smtpd_timeout: \"1x\" (a "
              "whole number with s, m, h, d or w)"},
             {"", "587 inet n - n - - submission -o smtpd_milters=inet:x:1\n",
              "DIR/master.cf, line 6: unsupported parameter: smtpd_milters=inet:x:1 (remove it)"},
             {"", "587 inet n - n - - submission\n  -o smtpd_banner=x\n  -o smtpd_timeout=1x\n",
              "DIR/master.cf, line 8: service 587: bad time value for parameter smtpd_timeout: \"1x\" (a "
              "whole number with s, m, h, d or w)"},
             {"", "587 inet n - n - - submission\n  -Z\n",
              "DIR/master.cf, line 7: service 587: unknown argument \"-Z\" of submission (programs take -o "
              "name=value only)"},
             {"a = $b\nb = $a\n", "", "DIR/main.cf, line 2: defined by way of itself: $a -> $b -> $a"},
             {"", "other unix - - n - 1 authd\n",
              "DIR/master.cf, line 6: program authd may be run by one service only"},
             {"myhostname = {x\n", "", "DIR/main.cf, line 2: mydestination: \"{\" without its \"}\""}}) {
        Checked checked = run(c.main, c.services);
        EXPECT_THAT(formatted(checked), Contains(c.wanted));
        EXPECT_FALSE(checked.snapshot);
    }
}

TEST(Finding, IsToldWithinReason) {
    Finding finding{Severity::error, "/etc/main.cf", 3, "bad value " + std::string(100'000, 'x'),
                    "remove it"};
    std::string told = format(finding);
    EXPECT_LT(told.size(), 1100u);
    EXPECT_TRUE(told.starts_with("/etc/main.cf, line 3: bad value xxx")) << told;
    EXPECT_TRUE(told.ends_with("xxx ... (remove it)")) << told;
}

TEST_F(CheckTest, TheCauseIsToldOnce) {
    EXPECT_EQ(run("smtpd_timeout = soon\n").findings.size(), 1u) << "not also the defaults that refer to it";
}

TEST_F(CheckTest, WarningsDoNotStopIt) {
    Checked checked =
        run("biff = no\nmessage_size_limt = 5\nmilters = 1\nx = $milters\nmynetworks = 0.0.0.0/0\n",
            "cleanup unix n - n - 0 cleanup\n");
    EXPECT_THAT(formatted(checked), Contains("DIR/main.cf, line 2: parameter has no effect here: biff=no"));
    EXPECT_THAT(formatted(checked),
                Contains("DIR/main.cf, line 3: unused parameter: message_size_limt=5 (no program reads it)"));
    EXPECT_THAT(formatted(checked), Contains(HasSubstr("mynetworks holds 0.0.0.0/0")));
    EXPECT_THAT(formatted(checked), Contains(HasSubstr("service cleanup is not needed")));
    EXPECT_THAT(formatted(run("a = $b\nb = $c\nc = 1\n", "587 inet n - n - - submission -v\n")),
                testing::ElementsAre("DIR/main.cf, line 2: unused parameter: a=$b (no program reads it)",
                                     "DIR/main.cf, line 3: unused parameter: b=$c (no program reads it)",
                                     "DIR/main.cf, line 4: unused parameter: c=1 (no program reads it)",
                                     "DIR/master.cf, line 6: service 587: -v has no effect here"));
    ASSERT_TRUE(checked.snapshot);
    EXPECT_EQ(checked.snapshot->services.size(), 5u);
}

TEST_F(CheckTest, EveryNameOfPostfixIsKnown) {
    Checked checked =
        run("address_verify_poll_count = 5\nrelocated_maps = hash:/x\nxclient_hostname = x\n"
            "smtp_fallback_relay =\ndefault_transport_rate_delay = 0s\n");
    EXPECT_THAT(formatted(checked),
                testing::UnorderedElementsAre(
                    "DIR/main.cf, line 2: parameter has no effect here: address_verify_poll_count=5",
                    "DIR/main.cf, line 3: unsupported parameter: relocated_maps=hash:/x (remove it)",
                    "DIR/main.cf, line 4: unused parameter: xclient_hostname=x (no program reads it)",
                    "DIR/main.cf, line 5: parameter has no effect here: smtp_fallback_relay=",
                    "DIR/main.cf, line 6: parameter has no effect here: default_transport_rate_delay=0s"));
}

TEST_F(CheckTest, WhatPostfixHasAndWeHaveNotIsSaid) {
    Checked checked =
        run("enable_long_queue_ids = yes\nsmtp_tls_protocols = >=TLSv1\n2bounce_notice_recipient = root\n");
    EXPECT_THAT(
        formatted(checked),
        testing::UnorderedElementsAre(
            "DIR/main.cf, line 2: parameter has no effect here: enable_long_queue_ids=yes (queue ids always "
            "have the long form)",
            "DIR/main.cf, line 3: in parameter smtp_tls_protocols: versions below TLSv1.2 are never used"));
    EXPECT_TRUE(checked.snapshot);
}

TEST_F(CheckTest, MissingFilesAreNamed) {
    Checked checked = check(directory_ + "/nowhere");
    EXPECT_FALSE(checked.snapshot);
    EXPECT_THAT(formatted(checked), Contains("cannot open DIR/nowhere/main.cf: No such file or directory"));
}

}  // namespace
}  // namespace ekiden::config
