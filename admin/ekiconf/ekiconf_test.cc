#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "admin/ekiconf/edit.h"
#include "admin/ekiconf/show.h"

namespace ekiden::ekiconf {
namespace {

using testing::HasSubstr;
using testing::Not;

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
    Options options(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"-c", directory_});
        Result<Options> parsed = parse_options(arguments, nullptr);
        EXPECT_TRUE(parsed) << parsed.error().text;
        return *parsed;
    }
    Output run(std::vector<std::string> arguments) { return show(options(std::move(arguments))); }

    std::string directory_;
};

TEST_F(EkiconfTest, NamesInGivenOrder) {
    EXPECT_EQ(run({"smtpd_banner", "message_size_limit"}).out,
              "smtpd_banner = $myhostname  hello\nmessage_size_limit = 10240000\n");
    EXPECT_EQ(run({"-h", "myhostname"}).out, "mail.example.jp\n");
    EXPECT_EQ(run({"-xh", "smtpd_banner"}).out, "mail.example.jp  hello\n");
    EXPECT_EQ(run({"-h", "mydomain"}).out, "example.jp\n");
    EXPECT_EQ(run({"-d", "smtpd_command_timeout"}).out, "smtpd_command_timeout = $smtpd_timeout\n");
    EXPECT_EQ(run({"-dx", "smtpd_command_timeout"}).out, "smtpd_command_timeout = 300s\n");
    EXPECT_EQ(run({"relayhost"}).out, "relayhost =\n");
    EXPECT_EQ(run({"-o", "relayhost=[x]", "relayhost"}).out, "relayhost = [x]\n");
}

TEST_F(EkiconfTest, OnlyWhatIsSet) {
    Output output = run({"-n"});
    EXPECT_EQ(output.out,
              "message_size_limt = 3\nmyhostname = mail.example.jp\nsmtpd_banner = $myhostname  hello\n");
    EXPECT_EQ(output.err, "ekiconf: warning: " + directory_ +
                              "/main.cf, line 5: unused parameter: message_size_limt=3\n"
                              "ekiconf: warning: " +
                              directory_ +
                              "/master.cf, line 3: unused parameter: a=b\n"
                              "ekiconf: warning: " +
                              directory_ + "/master.cf, line 3: unused parameter: c=d e\n");
    EXPECT_EQ(output.status, 0);
}

TEST_F(EkiconfTest, AllIsSorted) {
    std::string all = run({}).out;
    EXPECT_THAT(all, HasSubstr("\nmyhostname = mail.example.jp\n"));
    EXPECT_LT(all.find("maximal_backoff_time"), all.find("smtpd_timeout"));
    EXPECT_THAT(run({"-d"}).out, Not(HasSubstr("message_size_limt")));
}

TEST_F(EkiconfTest, UnknownNamesAreTold) {
    Output output = run({"no_such", "relayhost"});
    EXPECT_THAT(output.err, HasSubstr("ekiconf: warning: no_such: unknown parameter\n"));
    EXPECT_EQ(output.out, "relayhost =\n");
    EXPECT_EQ(output.status, 0);
}

TEST_F(EkiconfTest, Services) {
    EXPECT_EQ(run({"-M"}).out,
              "smtp       inet  n       -       y       -       2       smtpd\n"
              "127.0.0.1:587 inet n     -       -       -       -       submission -o a=b -o { c = d e }\n");
    EXPECT_EQ(run({"-Mf", "127.0.0.1:587/inet"}).out,
              "127.0.0.1:587 inet n     -       -       -       -       submission\n    -o a=b\n    -o { c = "
              "d e }\n");
    EXPECT_EQ(run({"-M", "*/unix"}).out, "");
    EXPECT_EQ(run({"-M", "smtp", "nope"}).err, "ekiconf: warning: unmatched request: \"nope\"\n");
    EXPECT_EQ(run({"-M", "smtp"}).err, "");
    EXPECT_THAT(run({"-m"}).out, HasSubstr("texthash\n"));
}

TEST_F(EkiconfTest, EditReplacesTheWholeFile) {
    ::chmod((directory_ + "/main.cf").c_str(), 0640);
    ASSERT_TRUE(edit(options({"-e", "smtpd_banner=x  y", "relayhost = [z]:587"})));
    EXPECT_EQ(read("main.cf"),
              "# mine\nmyhostname = mail.example.jp\nsmtpd_banner = x  y\nmessage_size_limt = 3\nrelayhost = "
              "[z]:587\n");
    struct stat status{};
    ASSERT_EQ(::stat((directory_ + "/main.cf").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0640u);
    EXPECT_FALSE(std::filesystem::exists(directory_ + "/main.cf.tmp"));
    ASSERT_TRUE(edit(options({"-X", "message_size_limt"})));
    EXPECT_THAT(read("main.cf"), Not(HasSubstr("limt")));
}

TEST_F(EkiconfTest, ALinkStaysALink) {
    write("real.cf", "a = 1\n");
    std::filesystem::remove(directory_ + "/main.cf");
    std::filesystem::create_symlink("real.cf", directory_ + "/main.cf");
    ASSERT_TRUE(edit(options({"a=2"}))) << "-e is implied";
    EXPECT_TRUE(std::filesystem::is_symlink(directory_ + "/main.cf"));
    EXPECT_EQ(read("real.cf"), "a = 2\n");
}

TEST_F(EkiconfTest, MissingFileIsFatal) {
    Output output = run({"-c", directory_ + "/nowhere"});
    EXPECT_EQ(output.err,
              "ekiconf: fatal: cannot open " + directory_ + "/nowhere/main.cf: No such file or directory\n");
    EXPECT_EQ(output.status, 1);
    EXPECT_FALSE(edit(options({"-c", directory_ + "/nowhere", "a=b"})));
}

TEST(EkiconfOptions, BadUse) {
    for (std::vector<std::string> bad : std::vector<std::vector<std::string>>{{"-z"},
                                                                              {"-c"},
                                                                              {"-o", "x"},
                                                                              {"-e"},
                                                                              {"-e", "x"},
                                                                              {"-X"},
                                                                              {"-nd"},
                                                                              {"-e", "a b=c"},
                                                                              {"-e", "a=b\nc"},
                                                                              {"-M", "a=b"}})
        EXPECT_FALSE(parse_options(bad, nullptr)) << bad[0];
    EXPECT_EQ(parse_options({}, "/etc/x")->directory, "/etc/x");
    EXPECT_EQ(parse_options({}, nullptr)->directory, "/etc/ekiden");
}

}  // namespace
}  // namespace ekiden::ekiconf
