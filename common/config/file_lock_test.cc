#include "common/config/file_lock.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/owned_fd.h"

namespace ekiden::config {
namespace {

struct Locked {
    std::string path = testing::TempDir() + "/file_lock." + std::to_string(getpid());
    OwnedFd holder{open(path.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0600)};
    OwnedFd waiter{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    Locked() { EXPECT_EQ(flock(holder.get(), LOCK_SH), 0); }
    ~Locked() { unlink(path.c_str()); }
};

TEST(LockWithin, GivesUpAfterTheTime) {
    Locked file;
    EXPECT_FALSE(lock_within(file.waiter.get(), 1));
    EXPECT_EQ(errno, EWOULDBLOCK);
    EXPECT_FALSE(lock_within(file.waiter.get(), 0));
    EXPECT_EQ(errno, EWOULDBLOCK);
}

TEST(LockWithin, TakesWhatIsFreeWithoutAWait) {
    Locked file;
    file.holder.reset();
    EXPECT_TRUE(lock_within(file.waiter.get(), 0));
}

// Of a descriptor that was open for reading, and without its being closed.
TEST(LockWithin, IsWokenWhenTheLockIsLetGo) {
    Locked file;
    pid_t waits = fork();
    ASSERT_GE(waits, 0);
    if (waits == 0) _exit(lock_within(file.waiter.get(), 30) ? 0 : 1);
    ASSERT_EQ(flock(file.holder.get(), LOCK_UN), 0);
    int status = 0;
    ASSERT_EQ(waitpid(waits, &status, 0), waits);
    EXPECT_EQ(status, 0);
}

TEST(LockWithin, WhatCannotBeLocked) {
    EXPECT_FALSE(lock_within(-1, 30));
    EXPECT_EQ(errno, EBADF);
}

}  // namespace
}  // namespace ekiden::config
