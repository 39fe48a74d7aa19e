#include "common/config/master_cf.h"

#include <gtest/gtest.h>

namespace ekiden::config {
namespace {

std::vector<ServiceEntry> parse(std::string_view content, std::vector<Finding>& findings) {
    return parse_master_cf(content, "master.cf", findings);
}

TEST(MasterCf, ColumnsAndDefaults) {
    std::vector<Finding> findings;
    auto services = parse(
        "# service type private unpriv chroot wakeup maxproc command\n"
        "smtp      inet  n       -      y      -      2       smtpd\n"
        "127.0.0.1:submissions inet n - - - - submission\n"
        "  -o smtpd_tls_wrappermode=yes\n"
        "# comment inside\n"
        "  -o { smtpd_banner = hello there }  -vv -osyslog_name=x\n"
        "qmgr      unix  -       n      -      300?   1       manager\n"
        "pickup    fifo  n       -      n      60     0       pickup flags=DR argv=/bin/x { a b }\n",
        findings);
    for (const Finding& finding : findings) ADD_FAILURE() << format(finding);
    ASSERT_EQ(services.size(), 4u);
    EXPECT_EQ(services[0].endpoint.port, 25);
    EXPECT_EQ(services[0].endpoint.host, "");
    EXPECT_TRUE(services[0].chroot);
    EXPECT_EQ(services[0].process_limit, 2);
    const ServiceEntry& submission = services[1];
    EXPECT_EQ(submission.endpoint.host, "127.0.0.1");
    EXPECT_EQ(submission.endpoint.port, 465);
    EXPECT_FALSE(submission.process_limit);
    EXPECT_EQ(
        submission.overrides,
        (RawValues{{"smtpd_tls_wrappermode", "yes"}, {"smtpd_banner", "hello there"}, {"syslog_name", "x"}}));
    EXPECT_EQ(submission.verbose, 2);
    EXPECT_EQ(submission.line, 3);
    EXPECT_EQ(submission.override_lines.at("smtpd_tls_wrappermode"), 4);
    EXPECT_EQ(submission.override_lines.at("syslog_name"), 6);
    EXPECT_TRUE(submission.unknown.empty());
    EXPECT_TRUE(services[2].is_private);
    EXPECT_FALSE(services[2].unprivileged);
    EXPECT_EQ(services[2].wakeup, Seconds(300));
    EXPECT_TRUE(services[2].wakeup_only_used);
    EXPECT_EQ(services[3].type, ServiceType::unix_socket);
    EXPECT_EQ(services[3].process_limit, 0);
    EXPECT_EQ(services[3].arguments, (std::vector<std::string>{"flags=DR", "argv=/bin/x", "a b"}));
    EXPECT_EQ(services[3].unknown.size(), 3u);
    EXPECT_EQ(services[3].unknown[0], std::pair(std::string("flags=DR"), 8));
}

TEST(MasterCf, ErrorsSayWhichLineAndWhy) {
    for (auto [line, text] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
             {"smtp inet n - y -", "only 6 of 8 columns: \"process limit\" is missing"},
             {"smtp tcp n - y - - smtpd",
              "unknown service type \"tcp\" (inet, unix, pass, unix-dgram or fifo)"},
             {"smtp inet n - q - - smtpd", "column \"chroot\" is \"q\" instead of y, n or -"},
             {"smtp inet y - n - - smtpd", "an inet service cannot be private (use n)"},
             {"smtp inet n - n soon - smtpd", "column \"wakeup\" is no number of seconds: \"soon\""},
             {"smtp inet n - n - many smtpd", "column \"process limit\" is no number up to 100000: \"many\""},
             {"70000 inet n - n - - smtpd", "port 70000 is not between 1 and 65535"},
             {"127.0.0.256:25 inet n - n - - smtpd", "bad IPv4 address \"127.0.0.256\""},
             {"[::g]:25 inet n - n - - smtpd", "bad address \"::g\""},
             {"[::1]25 inet n - n - - smtpd", "\"[::1]25\" is not [address]:port"},
             {"nosuchport_x inet n - n - - smtpd", "unknown port name \"nosuchport_x\" (use its number)"},
             {"../x unix - - n - - smtpd", "bad socket name \"../x\""},
             {"x unix - - n - - /bin/sh",
              "command \"/bin/sh\" must be the name of a program in daemon_directory"},
             {"x unix - - n - - smtpd -o", "-o without name=value after it"},
             {"x unix - - n - - smtpd -o novalue", "-o needs name=value, not \"novalue\""},
             {"x unix - - n - - smtpd -o { a = b", "\"{\" without its \"}\""}}) {
        std::vector<Finding> findings;
        std::string content = "# first\n" + std::string(line) + "\n";
        EXPECT_TRUE(parse(content, findings).empty()) << line;
        ASSERT_EQ(findings.size(), 1u) << line;
        EXPECT_EQ(findings[0].text, text);
        EXPECT_EQ(findings[0].line, 2);
    }
}

TEST(MasterCf, ANulOctetHasItsLine) {
    std::vector<Finding> findings;
    parse_master_cf(std::string_view("# one\n\0\n", 8), "master.cf", findings);
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(format(findings[0]), "master.cf, line 2: the file holds a NUL octet (master.cf is text)");
}

TEST(MasterCf, ErrorsOfAContinuationHaveItsLine) {
    for (auto [content, line] : std::initializer_list<std::pair<std::string_view, int>>{
             {"x unix - - n - - smtpd\n  -o a=b\n  -o novalue\n", 3},
             {"x unix - - n - - smtpd\n  -o a=b\n# between\n  -o\n  novalue\n", 5},
             {"x unix - - n\n -\n many smtpd\n", 3},
             {"x unix - - n - - smtpd\n  -o a=b\n  -o\n", 3},
             {"x unix - - n - - smtpd\n  -o { a = b\n c\n", 2}}) {
        std::vector<Finding> findings;
        EXPECT_TRUE(parse(content, findings).empty()) << content;
        ASSERT_EQ(findings.size(), 1u) << content;
        EXPECT_EQ(findings[0].line, line) << content;
    }
}

TEST(MasterCf, LastEntryOfAServiceWins) {
    std::vector<Finding> findings;
    auto services =
        parse("a unix - - n - 1 x\nb unix - - n - 1 x\na unix - - n - 2 y\na pass - - n - 3 z\n", findings);
    ASSERT_EQ(services.size(), 3u);
    EXPECT_EQ(services[0].command, "y");
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(format(findings[0]),
              "master.cf, line 3: overriding earlier entry of service a/unix (the earlier one is on line 1)");
}

TEST(Endpoint, Forms) {
    for (auto [text, host, port] : std::initializer_list<std::tuple<std::string_view, std::string_view, int>>{
             {"25", "", 25},
             {"smtp", "", 25},
             {"127.0.0.1:2525", "127.0.0.1", 2525},
             {"[::1]:smtp", "::1", 25},
             {"[127.0.0.1]:25", "127.0.0.1", 25},
             {"localhost:pop3s", "localhost", 995},
             {"::1:25", "::1", 25}}) {
        auto endpoint = parse_endpoint(text);
        ASSERT_TRUE(endpoint) << text << ": " << endpoint.error().text;
        EXPECT_EQ(endpoint->host, host);
        EXPECT_EQ(endpoint->port, port);
    }
}

}  // namespace
}  // namespace ekiden::config
