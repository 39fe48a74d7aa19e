// What postconf does the same way is compared with it in tests/e2e/18-ekiconf-beside-postfix; here stands
// what is ours alone, and what Postfix 3.7 does not have.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "admin/ekiconf/run.h"

namespace ekiden::ekiconf {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class EkiconfTest : public testing::Test {
  protected:
    EkiconfTest() {
        std::string pattern = testing::TempDir() + "/ekiconf-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        write("main.cf",
              "# mine\nmyhostname = mail.example.jp\nsmtpd_banner = $myhostname\n  hello\nmessage_size_limt "
              "= 3\n");
        write(
            "master.cf",
            "smtp inet n - y - 2 smtpd\n127.0.0.1:587 inet n - - - - submission\n  -o a=b -o { c = d e }\n");
    }
    ~EkiconfTest() override { std::filesystem::remove_all(directory_); }
    void write(const std::string& name, const std::string& content) {
        std::ofstream(directory_ + "/" + name) << content;
    }
    std::string read(const std::string& name) {
        std::stringstream content;
        content << std::ifstream(directory_ + "/" + name).rdbuf();
        return content.str();
    }
    Output ask(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"-c", directory_});
        return run(arguments, nullptr);
    }

    std::string directory_;
};

TEST_F(EkiconfTest, HostNamesAreShownByValue) {
    EXPECT_EQ(ask({"-h", "mydomain"}).out, "example.jp\n");
    EXPECT_THAT(ask({"-dh", "myhostname"}).out, Not(HasSubstr("$")));
    EXPECT_EQ(ask({"-d", "smtpd_command_timeout"}).out, "smtpd_command_timeout = $smtpd_timeout\n");
    EXPECT_EQ(ask({"-dx", "smtpd_command_timeout"}).out, "smtpd_command_timeout = 300s\n");
}

TEST_F(EkiconfTest, TheVersionIsKnownAndExpands) {
    std::string version = ask({"-dh", "mail_version"}).out;
    EXPECT_THAT(version, testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+\n"));
    write("main.cf", "smtpd_banner = $mail_name $mail_version\n");
    EXPECT_EQ(ask({"-hx", "smtpd_banner"}).out, "Ekiden " + version);
    EXPECT_THAT(ask({"-n"}).err, Not(HasSubstr("main.cf")));
}

TEST_F(EkiconfTest, QuietTellsNothingOfUnusedNames) {
    Output loud = ask({"-n"}), quiet = ask({"-nq"});
    EXPECT_EQ(loud.out, quiet.out);
    EXPECT_EQ(loud.out, "config_directory = " + directory_ +
                            "\nmyhostname = mail.example.jp\nsmtpd_banner = $myhostname hello\n");
    EXPECT_THAT(loud.err, HasSubstr("/main.cf: unused parameter: message_size_limt=3\n"));
    EXPECT_THAT(loud.err, HasSubstr("/master.cf: unused parameter: c=d e\n"));
    EXPECT_EQ(quiet.err, "");
    EXPECT_EQ(ask({"-qM", "smtp"}).err, "");
}

TEST_F(EkiconfTest, JsonIsAnObjectALine) {
    EXPECT_EQ(ask({"-jq", "smtpd_banner", "relayhost"}).out,
              "{\"name\":\"smtpd_banner\",\"value\":\"$myhostname  hello\"}\n"
              "{\"name\":\"relayhost\",\"value\":\"\"}\n");
    EXPECT_EQ(ask({"-jqM", "127.0.0.1:587"}).out,
              "{\"service\":\"127.0.0.1:587\",\"type\":\"inet\",\"private\":\"n\",\"unprivileged\":\"-\","
              "\"chroot\":\"-\",\"wakeup\":\"-\",\"process_limit\":\"-\","
              "\"command\":\"submission -o a=b -o {c=d e}\"}\n");
    EXPECT_EQ(ask({"-jqF", "smtp/inet/chroot"}).out,
              "{\"service\":\"smtp\",\"type\":\"inet\",\"field\":\"chroot\",\"value\":\"y\"}\n");
    EXPECT_EQ(ask({"-jqP", "*/inet/c"}).out,
              "{\"service\":\"127.0.0.1:587\",\"type\":\"inet\",\"parameter\":\"c\",\"value\":\"d e\"}\n");
    EXPECT_EQ(ask({"-jf"}).status, 1);
    EXPECT_EQ(ask({"-je", "a=b"}).status, 1);
}

TEST_F(EkiconfTest, VerboseNamesTheOrigin) {
    Output output = ask({"-vq", "-o", "relayhost=x", "myhostname", "relayhost", "myorigin"});
    EXPECT_EQ(output.err, "ekiconf: myhostname: " + directory_ +
                              "/main.cf, line 2\nekiconf: relayhost: -o\nekiconf: myorigin: default\n");
}

TEST_F(EkiconfTest, NamesOfPostfixThatMeanNothingHereAreTold) {
    write("main.cf", "biff = no\nsmtp-amavis_recipient_limit = 3\n");
    write("master.cf", "smtp-amavis unix - - n - 2 smtp\n");
    Output output = ask({"biff", "debug_peer_level", "smtp-amavis_recipient_limit"});
    EXPECT_EQ(output.out, "biff = no\nsmtp-amavis_recipient_limit = 3\n");
    EXPECT_EQ(output.err,
              "ekiconf: warning: debug_peer_level: parameter has no effect here\n"
              "ekiconf: warning: " +
                  directory_ +
                  "/main.cf: parameter has no effect here: biff=no\n"
                  "ekiconf: warning: " +
                  directory_ + "/main.cf: parameter has no effect here: smtp-amavis_recipient_limit=3\n");
}

TEST_F(EkiconfTest, AnErrorNamesTheLineAndPrintsNothingElse) {
    write("main.cf", "myhostname = a\nrelayhost = $mydestination\nmydestination = $relayhost\n");
    Output output = ask({"-n"});
    EXPECT_EQ(output.out, "");
    EXPECT_THAT(output.err,
                HasSubstr("/main.cf, line 3: in parameter mydestination: defined by way of itself"));
    EXPECT_EQ(output.status, 1);
}

TEST_F(EkiconfTest, EditReplacesTheWholeFile) {
    ::chmod((directory_ + "/main.cf").c_str(), 0640);
    ASSERT_EQ(ask({"-e", "smtpd_banner=x  y", "relayhost = [z]:587"}).status, 0);
    EXPECT_EQ(read("main.cf"),
              "# mine\nmyhostname = mail.example.jp\nsmtpd_banner = x  y\nmessage_size_limt = 3\nrelayhost = "
              "[z]:587\n");
    struct stat status{};
    ASSERT_EQ(::stat((directory_ + "/main.cf").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0640u);
    EXPECT_FALSE(std::filesystem::exists(directory_ + "/main.cf.tmp"));
}

TEST_F(EkiconfTest, OfRepeatedNamesTheLastIsSetAndTheOthersGo) {
    write("main.cf", "a = 1\nb = 2\na = 3\n");
    Output output = ask({"a=4"});
    EXPECT_EQ(output.err, "ekiconf: warning: " + directory_ + "/main.cf: multiple entries for \"a\"\n");
    EXPECT_EQ(read("main.cf"), "b = 2\na = 4\n");
}

TEST_F(EkiconfTest, ALinkStaysALink) {
    write("real.cf", "a = 1\n");
    std::filesystem::remove(directory_ + "/main.cf");
    std::filesystem::create_symlink("real.cf", directory_ + "/main.cf");
    ASSERT_EQ(ask({"a=2"}).status, 0) << "-e is implied";
    EXPECT_TRUE(std::filesystem::is_symlink(directory_ + "/main.cf"));
    EXPECT_EQ(read("real.cf"), "a = 2\n");
}

TEST_F(EkiconfTest, CommentsOfTheNextServiceStayBelow) {
    write("master.cf",
          "smtp inet n - n - - smtpd\n  # why\n  -o a=b\n# of the next\nnext unix - - n - - smtp\n");
    ASSERT_EQ(ask({"-F", "smtp/inet/chroot=y"}).status, 0);
    EXPECT_EQ(read("master.cf"),
              "  # why\nsmtp       inet  n       -       y       -       -       smtpd\n    -o a=b\n"
              "# of the next\nnext unix - - n - - smtp\n");
}

TEST_F(EkiconfTest, ANewEntryReplacesTheOneOfItsOwnName) {
    ASSERT_EQ(ask({"-M", "other/inet=smtp inet n - n - 9 smtpd"}).status, 0);
    EXPECT_THAT(read("master.cf"),
                StartsWith("smtp       inet  n       -       n       -       9       smtpd\n127.0.0.1"));
}

TEST_F(EkiconfTest, BracesWithoutABlankBeforeThem) {
    write("master.cf", "smtp inet n - n - - smtpd -vo{ a = b c } -oe=f -o g={h i} {j k} l\n");
    EXPECT_EQ(
        ask({"-qM"}).out,
        "smtp       inet  n       -       n       -       -       smtpd -v -o {a=b c} -o e=f -o {g={h i}} "
        "{j k} l\n");
    EXPECT_EQ(ask({"-qP"}).out, "smtp/inet/a = b c\nsmtp/inet/e = f\nsmtp/inet/g = {h i}\n");
}

TEST_F(EkiconfTest, MissingFileIsFatal) {
    Output output = ask({"-c", directory_ + "/nowhere"});
    EXPECT_EQ(output.err,
              "ekiconf: fatal: open " + directory_ + "/nowhere/main.cf: No such file or directory\n");
    EXPECT_EQ(output.status, 1);
    EXPECT_EQ(ask({"-c", directory_ + "/nowhere", "a=b"}).status, 1);
}

TEST_F(EkiconfTest, Lists) {
    EXPECT_THAT(ask({"-m"}).out, HasSubstr("texthash\n"));
    EXPECT_EQ(ask({"-l"}).out, "fcntl\ndotlock\n");
    EXPECT_EQ(ask({"-a"}).out, "authd\n");
    EXPECT_EQ(ask({"-A"}).out, "builtin\n");
    EXPECT_THAT(ask({"-T", "compile-version"}).out, StartsWith("OpenSSL 3"));
}

TEST_F(EkiconfTest, Templates) {
    EXPECT_THAT(ask({"-t"}).out,
                StartsWith("failure_template = <<EOF\nCharset: us-ascii\nFrom: MAILER-DAEMON"));
    EXPECT_THAT(ask({"-b", ""}).out, HasSubstr("mail system at host mail.example.jp.\n"));
    write("texts", "delay_template = <<EOF\nSubject: wait\n\n$myhostname $no_such_name\nEOF\n");
    write("main.cf", "myhostname = a.test\nbounce_template_file = $config_directory/texts\n");
    EXPECT_THAT(ask({"-t"}).out, HasSubstr("Subject: wait\n"));
    EXPECT_THAT(ask({"-t", ""}).out, Not(HasSubstr("Subject: wait\n")));
    EXPECT_EQ(ask({"-b"}).err, "ekiconf: fatal: undefined $no_such_name in delay template\n");
    EXPECT_EQ(ask({"-t", directory_ + "/none"}).status, 1);
    EXPECT_EQ(ask({"-t", "a", "b"}).status, 1);
    write("texts", "bad\n");
    EXPECT_EQ(ask({"-t"}).err, "ekiconf: fatal: " + directory_ +
                                   "/texts, line 1: missing '=' after attribute name: \"bad\"\n");
}

TEST(EkiconfOptions, TheDirectory) {
    EXPECT_EQ(parse_options({}, "/etc/x")->directory, "/etc/x");
    EXPECT_EQ(parse_options({}, nullptr)->directory, "/etc/ekiden");
    EXPECT_EQ(parse_options({"-c/a"}, "/etc/x")->directory, "/a");
}

TEST(EkiconfOptions, BadUseShowsTheUsage) {
    for (const char* bad : {"-z", "-c", "-nT"}) {
        Output output = run({bad}, nullptr);
        EXPECT_THAT(output.err, HasSubstr("usage: ekiconf")) << bad;
        EXPECT_EQ(output.status, 1);
    }
}

}  // namespace
}  // namespace ekiden::ekiconf
