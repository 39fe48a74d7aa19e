#include "admin/ekiden/set_aside.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <vector>

namespace {
bool rename_fails = false;
}
// In place of the C library's.
extern "C" int rename(const char* from, const char* to) noexcept {
    if (!rename_fails) return renameat(AT_FDCWD, from, AT_FDCWD, to);
    errno = EIO;
    return -1;
}

namespace ekiden::admin {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class SetAside : public testing::Test {
  protected:
    void SetUp() override {
        std::string form = testing::TempDir() + "/set_aside.XXXXXX";
        ASSERT_TRUE(mkdtemp(form.data()));
        folder = form;
        log = folder + "/mail.log";
        write(log, "old\n");
        ASSERT_EQ(chmod(log.c_str(), 0640), 0);
    }
    void TearDown() override {
        rename_fails = false;
        fs::remove_all(folder);
    }
    static void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }
    static std::string read(const std::string& path) {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& entry : fs::directory_iterator(folder)) all.push_back(entry.path().filename());
        std::ranges::sort(all);
        return all;
    }

    std::string folder, log;
};

TEST_F(SetAside, TheNewFileIsAsTheOldOne) {
    {
        Result<Rotation> rotation = Rotation::begin(log, 0);
        ASSERT_TRUE(rotation) << rotation.error().text;
        ASSERT_TRUE(rotation->set_aside(log + ".1"));
        EXPECT_THAT(names(), ElementsAre(".mail.log.rotating", "mail.log", "mail.log.1"));
    }
    EXPECT_THAT(names(), ElementsAre("mail.log", "mail.log.1"));
    EXPECT_EQ(read(log), "");
    EXPECT_EQ(read(log + ".1"), "old\n");
    struct stat is{};
    ASSERT_EQ(stat(log.c_str(), &is), 0);
    EXPECT_EQ(is.st_mode & 07777, 0640u);
}

TEST_F(SetAside, ANameThatIsTaken) {
    Result<Rotation> rotation = Rotation::begin(log, 0);
    ASSERT_TRUE(rotation);
    write(log + ".1.gz", "before");
    Result<> done = rotation->set_aside(log + ".1");
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().text, HasSubstr("set aside under this name before"));
    EXPECT_EQ(read(log), "old\n");
}

TEST_F(SetAside, WhenTheNameCannotBeGivenTheLogIsAsItWas) {
    Result<Rotation> rotation = Rotation::begin(log, 0);
    ASSERT_TRUE(rotation);
    rename_fails = true;
    Result<> done = rotation->set_aside(log + ".1");
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().text, HasSubstr("Input/output error"));
    EXPECT_THAT(names(), ElementsAre(".mail.log.rotating", "mail.log"));
    rename_fails = false;
    EXPECT_TRUE(rotation->set_aside(log + ".1"));
    EXPECT_EQ(read(log + ".1"), "old\n");
}

// As it is left between link() and rename().
TEST_F(SetAside, ARotationThatWasCutShortIsMended) {
    fs::create_hard_link(log, log + ".1");
    write(log + ".new", "");
    write(log + ".0", "an older one");
    write(folder + "/.mail.log.rotating", "");
    {
        Result<Rotation> rotation = Rotation::begin(log, 0);
        ASSERT_TRUE(rotation) << rotation.error().text;
        ASSERT_EQ(fs::hard_link_count(log), 1u);
        ASSERT_TRUE(rotation->set_aside(log + ".1"));
    }
    EXPECT_THAT(names(), ElementsAre("mail.log", "mail.log.0", "mail.log.1"));
    EXPECT_EQ(fs::hard_link_count(log + ".1"), 1u);
    EXPECT_EQ(read(log + ".1"), "old\n");
    EXPECT_EQ(read(log + ".0"), "an older one");
}

TEST_F(SetAside, OneAtATime) {
    Result<Rotation> first = Rotation::begin(log, 0);
    ASSERT_TRUE(first);
    Result<Rotation> second = Rotation::begin(log, 0);
    ASSERT_FALSE(second);
    EXPECT_TRUE(second.error().temporary());
    EXPECT_THAT(second.error().text, HasSubstr("another rotation"));
    EXPECT_THAT(names(), ElementsAre(".mail.log.rotating", "mail.log"));
}

// Who waited finds that the lock's name is gone, and makes it anew.
TEST_F(SetAside, TheSecondWaitsForTheFirst) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    pid_t waits = fork();
    ASSERT_GE(waits, 0);
    if (waits == 0) {
        char go = 0;
        if (::read(ready[0], &go, 1) != 1) _exit(2);
        Result<Rotation> second = Rotation::begin(log, 30);
        _exit(second && second->set_aside(log + ".2") ? 0 : 1);
    }
    {
        Result<Rotation> first = Rotation::begin(log, 0);
        ASSERT_TRUE(first);
        ASSERT_EQ(::write(ready[1], "g", 1), 1);
        ASSERT_TRUE(first->set_aside(log + ".1"));
    }
    close(ready[0]);
    close(ready[1]);
    int status = 0;
    ASSERT_EQ(waitpid(waits, &status, 0), waits);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(read(log + ".1"), "old\n");
    EXPECT_EQ(read(log + ".2"), "");
}

TEST_F(SetAside, WhatIsNoLog) {
    for (const std::string& path : {folder, folder + "/none", std::string("/dev/null")}) {
        Result<Rotation> rotation = Rotation::begin(path, 0);
        ASSERT_FALSE(rotation) << path;
        EXPECT_EQ(rotation.error().kind, ErrorKind::not_found);
    }
    EXPECT_THAT(names(), ElementsAre("mail.log"));
}

TEST_F(SetAside, WaitsUntilItIsReleased) {
    OwnedFd held(open(log.c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(flock(held.get(), LOCK_SH), 0);
    Result<> released = wait_until_released(log, 0);
    ASSERT_FALSE(released);
    EXPECT_THAT(released.error().text, HasSubstr("still written to"));
    ASSERT_EQ(flock(held.get(), LOCK_UN), 0);
    EXPECT_TRUE(wait_until_released(log, 0));
}

}  // namespace
}  // namespace ekiden::admin
