#include "common/suite/check.h"
#include "common/suite/root_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/tables/build.h"

namespace ekiden::suite {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* services =
    "smtp inet n - y - 1 smtpd\n"
    "submission inet n - y - 1 submission\n"
    "pop3 inet n - y - 1 pop3d\n"
    "authd unix - - n - 1 authd\n"
    "qmgr unix - - n - 1 manager\n"
    "rewrite unix - - n - 1 router\n"
    "relay unix - - y - 1 relay\n"
    "resolver unix - - y - 1 resolver\n"
    "virtual unix - n n - 1 local-delivery\n"
    "postlog unix - - n - 1 logger\n";

class SuiteCheck : public testing::Test {
  protected:
    SuiteCheck() {
        std::string pattern = testing::TempDir() + "/suite-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        for (const char* program : {"smtpd", "submission", "pop3d", "authd", "manager", "router", "relay",
                                    "resolver", "local-delivery", "logger"}) {
            write(program, "");
            ::chmod((directory_ + "/" + program).c_str(), 0755);
        }
    }
    ~SuiteCheck() override { std::filesystem::remove_all(directory_); }

    void write(const std::string& name, const std::string& content) {
        std::ofstream(directory_ + "/" + name) << content;
    }
    // Line 2 of main.cf is the first of `main`, line 11 of master.cf the first of `more_services`. The users
    // of the suite need not be there: nobody becomes one of them.
    config::Checked run(const std::string& main, const std::string& more_services = "") {
        std::string owners;
        for (const char* owner :
             {"mail", "submission", "login", "auth", "queue", "router", "relay", "dns", "log", "virtual"})
            if (main.find(std::string(owner) + "_owner") == std::string::npos)
                owners += std::string(owner) + "_owner = nobody\n";
        if (("\n" + main).find("\nalias_maps =") == std::string::npos) owners += "alias_maps =\n";
        write("main.cf", "daemon_directory = " + directory_ + "\n" + in_directory(main) +
                             "myhostname = mail.example.jp\n" + owners);
        write("master.cf", services + more_services);
        return check(directory_, 3);
    }
    std::vector<std::string> told(const config::Checked& checked) {
        std::vector<std::string> lines;
        for (const config::Finding& finding : checked.findings) {
            std::string line = format(finding);
            for (std::size_t at; (at = line.find(directory_)) != std::string::npos;)
                line.replace(at, directory_.size(), "DIR");
            lines.push_back(line);
        }
        return lines;
    }
    std::string in_directory(std::string text) {
        for (std::size_t at; (at = text.find("DIR")) != std::string::npos;) text.replace(at, 3, directory_);
        return text;
    }

    std::string directory_;
};

TEST_F(SuiteCheck, AGoodConfigurationBecomesASnapshot) {
    write("nets", "10.0.0.0/8, !10.1.0.0/16\ncidr:" + directory_ + "/more\n");
    write("more", "192.0.2.0/24 OK\n");
    write("transport", "away.test smtp:[mx.away.test]:2525\n.x.test :\ny.test error:5.1.2 gone\n");
    config::Checked checked =
        run("mynetworks = DIR/nets, !192.0.2.7, [2001:db8::]/32\n"
            "transport_maps = texthash:DIR/transport, inline:{ z.test=relay: }\n"
            "relayhost = [smart.example.jp]:submission\n"
            "pop_before_smtp_exclude_networks = cidr:DIR/more\n"
            "smtpd_client_restrictions = check_client_access cidr:DIR/more, permit\n");
    EXPECT_THAT(told(checked), IsEmpty());
    ASSERT_TRUE(checked.snapshot);
    EXPECT_EQ(checked.snapshot->generation, 3u);
    EXPECT_EQ(checked.snapshot->files.size(), 3u);
}

struct Case {
    const char* main;
    const char* line;  // of the finding behind "DIR/main.cf, line 2: "
};

TEST_F(SuiteCheck, WhatWouldKeepAProgramFromStartingIsRefused) {
    for (
        const Case& c : std::initializer_list<Case>{
            {"mynetworks = 300.1.1.1",
             "in parameter mynetworks: \"300.1.1.1\" is not an IP address: write an address, a "
             "network like 192.0.2.0/24 or [2001:db8::]/32, /file or cidr:/file"},
            {"smtpd_client_event_limit_exceptions = x",
             "in parameter smtpd_client_event_limit_exceptions: \"x\" is not"},
            {"smtpd_client_restrictions = reject_unauth_destination",
             "in parameter smtpd_client_restrictions: reject_unauth_destination judges a recipient: put it "
             "into "
             "smtpd_recipient_restrictions"},
            {"smtpd_recipient_restrictions = reject_bad_people",
             "in parameter smtpd_recipient_restrictions: unknown restriction \"reject_bad_people\""},
            {"smtpd_sender_restrictions = check_sender_access",
             "in parameter smtpd_sender_restrictions: check_sender_access "
             "needs a type:name table after it"},
            {"smtpd_sender_restrictions = check_sender_access nisplus:x",
             "in parameter smtpd_sender_restrictions: unsupported dictionary type: nisplus"},
            {"smtpd_relay_restrictions = permit_mynetworks",
             "in parameter smtpd_relay_restrictions: here or in smtpd_recipient_restrictions, specify"},
            {"smtpd_relay_restrictions = permit, reject",
             "in parameter smtpd_relay_restrictions: here or in smtpd_recipient_restrictions, specify"},
            {"smtpd_tls_security_level = always",
             "in parameter smtpd_tls_security_level: \"always\" is not none, may or encrypt"},
            {"smtpd_forbid_bare_newline = perhaps",
             "in parameter smtpd_forbid_bare_newline: \"perhaps\" is not normalize"},
            {"pop3d_plaintext_auth_networks = x", "in parameter pop3d_plaintext_auth_networks: \"x\" is not"},
            {"dns_nameservers = foo", "in parameter dns_nameservers: bad name server address: foo"},
            {"dns_port = 0", "in parameter dns_port: must be 1 to 65535"},
            {"smtp_bind_address = x", "in parameter smtp_bind_address: \"x\" is no IPv4 address"},
            {"smtp_tls_security_level = dane",
             "in parameter smtp_tls_security_level: \"dane\" is not none, may or encrypt: "
             "certificates of servers are not verified yet"},
            {"smtp_address_preference = ipv5", "in parameter smtp_address_preference: \"ipv5\" is not any"},
            {"proxy_interfaces = outside", "in parameter proxy_interfaces: \"outside\" is not an IP address"},
            {"inet_interfaces = 300.1.1.1", "in parameter inet_interfaces: \"300.1.1.1\" is not all"},
            {"pop_before_smtp_exclude_networks = x",
             "in parameter pop_before_smtp_exclude_networks: \"x\" is not"},
            {"pop_before_smtp_services = foo",
             "in parameter pop_before_smtp_services: \"foo\" is not pop3 or imap"},
            {"pop_before_smtp_ipv6_prefix = 129",
             "in parameter pop_before_smtp_ipv6_prefix: 129 is not from 1 to 128"},
            {"auth_hash_threads = 0", "in parameter auth_hash_threads: 0 is not from 1 to 64"},
            {"transport_maps = pcre:{{/a/ smtp:}, {/b smtp:}}", "in parameter transport_maps: rule 2: "},
            {"mynetworks = cidr:{10.0.0.1 x}",
             "in parameter mynetworks: cidr map: no '{' at start of text in"},
            {"virtual_alias_maps = static:", "in parameter virtual_alias_maps: expecting \"type:name\" form"},
            {"relay_domains = 300.1.1.1", "in parameter relay_domains: \"300.1.1.1\" is not an IP address"},
            {"relayhost = [foo",
             "in parameter relayhost: bad next hop: [foo (write a domain, [host] or [address]"},
            {"default_transport = foo:bar",
             "in parameter default_transport: unknown mail transport: foo (one of virtual"},
            {"default_transport = smtp:mx:ftp", "in parameter default_transport: bad port in next hop: ftp"},
            {"virtual_transport = nosuch", "in parameter virtual_transport: unknown mail transport: nosuch"},
            {"transport_maps = inline:{ a.test=foo:bar }",
             "in parameter transport_maps: entry \"a.test\": unknown mail transport: foo"},
            {"transport_maps = static:smtp:[x", "in parameter transport_maps: entry \"\": bad next hop: [x"},
            {"mailbox_transport = lmtp:unix:private/dovecot-lmtp",
             "in parameter mailbox_transport: LMTP over a unix: socket is not possible: let the server "
             "listen"},
            {"mailbox_transport = local:",
             "in parameter mailbox_transport: local cannot hand what it does not deliver to itself"},
            {"fallback_transport = nosuch:",
             "in parameter fallback_transport: unknown mail transport: nosuch (one of virtual"},
            {"mailbox_transport_maps = inline:{ taro=local: }",
             "in parameter mailbox_transport_maps: entry \"taro\": local cannot hand"},
            {"fallback_transport_maps = inline:{ taro=nosuch: }",
             "in parameter fallback_transport_maps: entry \"taro\": unknown mail transport: nosuch"},
            {"transport_maps = inline:{a}",
             "in parameter transport_maps: bad item in inline:{a}: \"a\" is not key=value"},
            {"smtpd_sender_restrictions = check_sender_access inline:{a}",
             "in parameter smtpd_sender_restrictions: bad item in inline:{a}: \"a\" is not key=value"},
            {"myhostname = bad host_name!", "in parameter myhostname: \"bad host_name!\" is no host name"},
            {"myorigin = mail name", "in parameter myorigin: \"mail name\" is no host name"},
            {"smtp_helo_name = bad name", "in parameter smtp_helo_name: \"bad name\" is no host name"},
            {"smtpd_tls_cert_file = DIR/junk.pem", "in parameter smtpd_tls_cert_file: DIR/junk.pem: "},
            {"smtpd_tls_cert_file = DIR/none.pem",
             "in parameter smtpd_tls_cert_file: cannot open DIR/none.pem"},
            {"smtpd_tls_chain_files = DIR/none.pem",
             "in parameter smtpd_tls_chain_files: cannot open DIR/none.pem"},
            {"virtual_alias_maps = sqlite:DIR/nodbpath.cf",
             "in parameter virtual_alias_maps: DIR/nodbpath.cf: dbpath and query must be set"},
            {"smtpd_sender_login_maps = sqlite:DIR/nofile.cf",
             "in parameter smtpd_sender_login_maps: sqlite:DIR/nofile.cf: dbpath: cannot open /nowhere/x.db"},
            {"mynetworks = DIR/nets",
             "in parameter mynetworks: DIR/nets, line 2: \"10.0.0.1/8\" has bits set"},
            {"mynetworks = hash:DIR/built",
             "in parameter mynetworks: hash:DIR/built cannot be looked up in a list of networks"},
        }) {
        write("junk.pem", "no certificate\n");
        write("nodbpath.cf", "query = SELECT x FROM y WHERE z = '%s'\n");
        write("nofile.cf", "dbpath = /nowhere/x.db\nquery = SELECT x FROM y WHERE z = '%s'\n");
        write("nets", "192.0.2.1\n10.0.0.1/8\n");
        std::filesystem::remove(directory_ + "/built.db");
        ASSERT_TRUE(tables::build_table("hash", directory_ + "/built.db", 0644, {{"a", "b", 1}}));
        std::string main = c.main;
        config::Checked checked = run(main + "\n");
        if (main.starts_with("myhostname")) {  // our own line comes later and would win
            write("main.cf", "daemon_directory = " + directory_ + "\n" + main + "\n");
            checked = check(directory_, 3);
        }
        EXPECT_THAT(told(checked), Contains(HasSubstr("DIR/main.cf, line 2: " + std::string(c.line))))
            << main;
        EXPECT_FALSE(checked.snapshot) << main;
    }
}

TEST_F(SuiteCheck, ServicesAreChecked) {
    for (auto [line, wanted] : std::initializer_list<std::pair<const char*, const char*>>{
             {"x pass - - n - - smtpd\n",
              "DIR/master.cf, line 11: service x: smtpd listens on ports only (write [host:]port and inet in "
              "the first two columns)"},
             {"y unix - - n - - pop3d\n",
              "DIR/master.cf, line 11: service y: pop3d listens on ports only (write [host:]port and inet in "
              "the first two columns)"},
             {"2600 inet n - n - - local-delivery\n",
              "DIR/master.cf, line 11: service 2600: local-delivery takes no connections from outside (write "
              "unix in the second column)"},
             {"2525 inet n - n - - smtpd\n  -o smtpd_banner=x\n  -o mynetworks=300.1.1.1\n",
              "DIR/master.cf, line 13: in parameter mynetworks: \"300.1.1.1\" is not an IP address: write an "
              "address, a "
              "network like 192.0.2.0/24 or [2001:db8::]/32, /file or cidr:/file"},
             {"2525 inet n - n - - smtpd -o smtpd_relay_restrictions=permit\n",
              "DIR/master.cf, line 11: in parameter smtpd_relay_restrictions: here or in "
              "smtpd_recipient_restrictions, specify at least one working instance of: "
              "reject_unauth_destination, "
              "defer_unauth_destination, reject or defer (strangers could relay)"}}) {
        config::Checked checked = run("", line);
        EXPECT_THAT(told(checked), ElementsAre(wanted));
        EXPECT_FALSE(checked.snapshot);
    }
}

TEST_F(SuiteCheck, AllThatIsWrongIsToldAtOnceAndOnce) {
    EXPECT_THAT(told(run("mynetworks = x\nrelayhost = [\nvirtual_transport = y\n")),
                ElementsAre(HasSubstr("line 2: in parameter mynetworks: \"x\""),
                            HasSubstr("line 4: in parameter virtual_transport: "),
                            HasSubstr("line 3: in parameter relayhost: ")));
}

// virtual_alias_domains is virtual_alias_maps, where nothing else is set.
TEST_F(SuiteCheck, WhatADefaultTakesOverIsWrongWhereItIsSet) {
    for (const char* bad : {"hash:/nowhere/t", "nosuch:x", "pcre:{x", "pcre:{{/a x}}", "sqlite:/nowhere"}) {
        std::vector<std::string> lines = told(run(std::string("virtual_alias_maps = ") + bad + "\n"));
        EXPECT_FALSE(lines.empty()) << bad;
        for (const std::string& line : lines) EXPECT_THAT(line, testing::StartsWith("DIR/main.cf, line 2: "));
    }
}

TEST(Findings, AHundredOfEachAreTold) {
    std::vector<config::Finding> findings(250, {config::Severity::error, "main.cf", 1, "wrong", ""});
    findings.insert(findings.begin(), 101, {config::Severity::warning, "main.cf", 2, "odd", ""});
    config::shorten(findings);
    ASSERT_EQ(findings.size(), 202u);
    EXPECT_EQ(format(findings[99]), "main.cf, line 2: odd");
    EXPECT_EQ(format(findings[200]), "150 more errors are not shown");
    EXPECT_EQ(format(findings[201]), "1 more warnings are not shown");
    EXPECT_TRUE(config::has_errors(findings));
}

TEST_F(SuiteCheck, EntriesOfTransportTables) {
    write("transport", "# ways\na.test smtp:[mx\nb.test smtp:\n");
    EXPECT_THAT(told(run("transport_maps = texthash:DIR/transport\n")),
                ElementsAre("DIR/transport, line 2: in parameter transport_maps: entry \"a.test\": bad next "
                            "hop: [mx (write a domain, [host] or [address], with :port where needed)"));
    ASSERT_TRUE(tables::build_table("hash", directory_ + "/built.db", 0644, {{"c.test", "foo:", 1}}));
    config::Checked checked = run("transport_maps = hash:DIR/built\n");
    EXPECT_THAT(
        told(checked),
        ElementsAre(HasSubstr(
            "main.cf, line 2: in parameter transport_maps: entry \"c.test\": unknown mail transport: foo")));
    EXPECT_TRUE(checked.snapshot) << "the table may be mended while the suite runs";
}

TEST_F(SuiteCheck, WrongLinesOfTables) {
    write("nets", "10.0.0.0/8 OK\n10.0.0.0/99 OK\n");
    for (const char* main : {"mynetworks = cidr:DIR/nets\n",
                             "smtpd_client_restrictions = check_client_access cidr:DIR/nets\n"}) {
        config::Checked checked = run(main);
        EXPECT_THAT(told(checked),
                    Contains(HasSubstr("DIR/nets, line 2: \"10.0.0.0/99\": the prefix length")));
        EXPECT_FALSE(checked.snapshot);
    }
}

TEST_F(SuiteCheck, UsersOfASuiteThatRootStarts) {
    config::Checked unknown = run("mail_owner = nosuchuser\nvirtual_owner = root\n");
    if (::geteuid() != 0) {
        EXPECT_TRUE(unknown.snapshot) << "as one user the suite needs no others";
        return;
    }
    EXPECT_THAT(
        told(unknown),
        ElementsAre(
            HasSubstr(
                "DIR/main.cf, line 2: in parameter mail_owner: there is no user \"nosuchuser\": create it"),
            HasSubstr("DIR/main.cf, line 3: in parameter virtual_owner: a worker never runs as root")));
}

TEST_F(SuiteCheck, SomebodyMustGetTheMailOfRoot) {
    auto told = [&](const std::string& main) {
        config::Checked checked = run("mydestination = here.test\nmyorigin = here.test\n" + main);
        EXPECT_TRUE(checked.snapshot) << main;
        std::vector<std::string> lines;
        for (const config::Finding& finding : check_mail_of_root(*checked.snapshot))
            lines.push_back(finding.text);
        return lines;
    };
    const std::string root = "nobody gets the mail of root on this host";
    const std::string postmaster = "nobody gets the mail of postmaster on this host";
    EXPECT_THAT(told(""), ElementsAre(root, postmaster));
    EXPECT_THAT(told("alias_maps = inline:{ postmaster=root }\n"), ElementsAre(root));
    EXPECT_THAT(told("alias_maps = inline:{ postmaster=root, root=taro }\n"), IsEmpty());
    EXPECT_THAT(told("virtual_alias_maps = inline:{ root@here.test=a@b.test, postmaster=a@b.test }\n"),
                IsEmpty());
    EXPECT_THAT(told("alias_maps = inline:{ root@here.test=a }\n"), ElementsAre(root, postmaster));
    // Where nobody can say, nothing is said.
    EXPECT_THAT(told("alias_maps = fail:x\n"), IsEmpty());
    EXPECT_THAT(told("mailbox_transport = lmtp:[127.0.0.1]:24\n"), IsEmpty());
    EXPECT_THAT(told("local_transport = error:none\n"), IsEmpty());
    EXPECT_THAT(told("mydestination =\n"), IsEmpty());
}

}  // namespace
}  // namespace ekiden::suite
