#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "admin/ekimap/map.h"

namespace ekiden::ekimap {
namespace {

using testing::HasSubstr;

class EkimapTest : public testing::Test {
  protected:
    EkimapTest() {
        std::string pattern = testing::TempDir() + "/ekimap-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        path_ = directory_ + "/t";
        std::ofstream(path_) << "Key one\nother two words\nkey three\n";
    }
    ~EkimapTest() override { std::filesystem::remove_all(directory_); }
    Output run(std::vector<std::string> arguments, std::string_view input = "") {
        auto options = parse_options(arguments, "hash");
        EXPECT_TRUE(options) << options.error().text;
        return ekimap::run(*options, input);
    }
    std::string directory_, path_;
};

TEST_F(EkimapTest, BuildsAndAsks) {
    Output built = run({path_});
    EXPECT_EQ(built.err, "ekimap: warning: " + path_ + ", line 3: duplicate entry: \"key\"\n");
    EXPECT_EQ(built.status, 0);
    EXPECT_EQ(run({"-q", "KEY", "hash:" + path_}).out, "one\n");
    EXPECT_EQ(run({"-qkey", path_}).out, "one\n");
    EXPECT_EQ(run({"-s", path_}).out, "key\tone\nother\ttwo words\n");
    Output missing = run({"-q", "nothing", path_});
    EXPECT_EQ(missing.out + missing.err, "");
    EXPECT_EQ(missing.status, 1);
    EXPECT_EQ(run({"-q", "-", path_}, "other\nnone\nkey\n").out, "other\ttwo words\nkey\tone\n");
}

TEST_F(EkimapTest, DuplicatesAsWished) {
    EXPECT_EQ(run({"-r", path_}).err, "");
    EXPECT_EQ(run({"-q", "key", path_}).out, "three\n");
    EXPECT_EQ(run({"-w", path_}).err, "");
    EXPECT_EQ(run({"-q", "key", path_}).out, "one\n");
}

TEST_F(EkimapTest, ChangesInPlace) {
    run({path_});
    EXPECT_EQ(run({"-i", path_}, "new entry\n").status, 0);
    EXPECT_EQ(run({"-q", "new", path_}).out, "entry\n");
    EXPECT_EQ(run({"-d", "KEY", path_}).status, 0);
    EXPECT_EQ(run({"-d", "key", path_}).status, 1);
    EXPECT_EQ(run({"-s", path_}).out, "new\tentry\nother\ttwo words\n");
}

TEST_F(EkimapTest, ReadRightsOfTheSource) {
    ::chmod(path_.c_str(), 0644);
    run({path_});
    struct stat status{};
    ASSERT_EQ(::stat((path_ + ".db").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0644u);
    run({"-p", path_});
    ASSERT_EQ(::stat((path_ + ".db").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(EkimapTest, OtherTypesAreAskedOnly) {
    std::ofstream(directory_ + "/c") << "10.0.0.0/8 in\n";
    EXPECT_EQ(run({"-q", "10.1.1.1", "cidr:" + directory_ + "/c"}).out, "in\n");
    EXPECT_EQ(run({"-q", "a", "inline:{ a=b }"}).out, "b\n");
    EXPECT_EQ(run({"cidr:" + directory_ + "/c"}).err,
              "ekimap: fatal: dictionary type cidr is not built or changed by ekimap\n");
    EXPECT_EQ(run({"ldap:x"}).err, "ekimap: fatal: unsupported dictionary type: ldap\n");
    EXPECT_THAT(run({directory_ + "/nowhere"}).err,
                HasSubstr("fatal: cannot open " + directory_ + "/nowhere: No such file"));
}

TEST(EkimapOptions, BadUse) {
    for (std::vector<std::string> bad :
         std::vector<std::vector<std::string>>{{}, {"-q"}, {"-q", "x"}, {"-Z", "t"}, {"-q", "", "t"}})
        EXPECT_FALSE(parse_options(bad, "hash"));
}

}  // namespace
}  // namespace ekiden::ekimap
