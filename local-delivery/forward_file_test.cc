#include "local-delivery/forward_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace ekiden::local_delivery {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string parsed(std::string_view content) {
    auto targets = parse_destinations(content);
    return targets ? mail::print(*targets) : "error: " + targets.error().text;
}

TEST(ForwardFile, LinesCommentsAndContinuations) {
    EXPECT_EQ(parsed("hanako\n"), "hanako");
    EXPECT_EQ(parsed("hanako,\n  jiro\n# c\n\n\\taro\n"), "hanako, jiro, \\taro");
    EXPECT_EQ(parsed("\"|exit 1\"\n/dev/null\n:include:/x\r\n"),
              "\"|exit 1\", \"/dev/null\", \":include:/x\"");
    EXPECT_EQ(parsed("a@example.org"), "a@example.org");
    for (const char* nothing : {"", "\n\n", "# only\n", "  \n"}) EXPECT_EQ(parsed(nothing), "") << nothing;
}

TEST(ForwardFile, ErrorsSayWhere) {
    EXPECT_EQ(parsed("hanako\n\n\"open\n"), "error: line 3: a quote is not closed: \"\"open\"");
    EXPECT_THAT(parsed("|\n"), HasSubstr("error: line 1: no command"));
    EXPECT_THAT(parsed(std::string("a\0b\n", 4)), HasSubstr("control character"));
    EXPECT_THAT(parsed(std::string(limits::destination_file + 1, 'x')), HasSubstr("longer than"));
    std::string many;
    for (std::size_t i = 0; i <= mail::limits::alias_targets; ++i) many += "a\n";
    EXPECT_THAT(parsed(many), HasSubstr("more than 10000 destinations"));
}

class ReadForward : public ::testing::Test {
  protected:
    ReadForward() {
        std::string pattern = (fs::temp_directory_path() / "ekiden-forward-XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
        path_ = folder_ / ".forward";
    }
    ~ReadForward() override { fs::remove_all(folder_); }
    void write(mode_t mode) const {
        std::ofstream(path_) << "hanako\n";
        chmod(path_.c_str(), mode);
    }
    // What is read, or why not.
    std::string read(unsigned owner = geteuid()) const {
        Result<FileOrTrouble> found = read_forward(path_, owner);
        if (!found) return "error: " + found.error().text;
        return found->content.value_or(found->ignored.empty() ? "nothing" : "ignored: " + found->ignored);
    }
    fs::path folder_, path_;
};

TEST_F(ReadForward, BelievesTheOwnersFile) {
    EXPECT_EQ(read(), "nothing");
    write(0644);
    EXPECT_EQ(read(), "hanako\n");
    chmod(path_.c_str(), 0664);  // a group of the user's own
    EXPECT_EQ(read(), "hanako\n");
}

TEST_F(ReadForward, DoesNotBelieveOthers) {
    write(0646);
    EXPECT_EQ(read(), "ignored: " + path_.string() + ": writable for everybody");
    chmod(path_.c_str(), 0644);
    if (geteuid() != 0) EXPECT_THAT(read(geteuid() + 1), HasSubstr("owned by uid"));
    if (geteuid() == 0) {
        EXPECT_EQ(read(4321), "hanako\n") << "root may write it";
        ASSERT_EQ(chown(path_.c_str(), 4322, 4322), 0);
        EXPECT_EQ(read(4321), "ignored: " + path_.string() + ": owned by uid 4322");
    }
}

TEST_F(ReadForward, OnlyRegularFiles) {
    fs::create_symlink("other", path_);
    EXPECT_THAT(read(), HasSubstr("ignored"));
    fs::remove(path_);
    fs::create_directory(path_);
    EXPECT_THAT(read(), HasSubstr("not a regular file"));
    fs::remove(path_);
    ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);  // and nobody waits for a writer
    EXPECT_THAT(read(), HasSubstr("not a regular file"));
    EXPECT_FALSE(read_list(path_));
    EXPECT_FALSE(read_list(folder_ / "none"));
}

TEST_F(ReadForward, IsBounded) {
    std::ofstream(path_) << std::string(limits::destination_file + 1, '#');
    EXPECT_THAT(read(), HasSubstr("is longer than"));
}

}  // namespace
}  // namespace ekiden::local_delivery
