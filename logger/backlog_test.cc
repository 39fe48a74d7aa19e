#include "logger/backlog.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "common/base/owned_fd.h"

namespace ekiden::logger {
namespace {

using Outcome = Backlog::Outcome;
using Target = Backlog::Target;

constexpr std::size_t limit = 20'000;

std::string told(std::uint64_t count) { return fmt::format("{} lost\n", count); }
std::string line(int number) { return fmt::format("{:06} {}\n", number, std::string(92, 'x')); }  // 100

struct Pipe {
    OwnedFd reader, writer;
    explicit Pipe(int how) {
        std::array<int, 2> ends{};
        EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
        reader.reset(ends[0]);
        writer.reset(ends[1]);
        EXPECT_EQ(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
        EXPECT_EQ(fcntl(ends[1], F_SETFL, how), 0);
        EXPECT_GT(fcntl(ends[1], F_SETPIPE_SZ, 8192), 0);
    }
    // All that is there, at most `most`.
    std::string read(std::size_t most = 1 << 20) const {
        std::string all;
        std::array<char, 512> part{};
        while (all.size() < most) {
            ssize_t got = ::read(reader.get(), part.data(), std::min(part.size(), most - all.size()));
            if (got <= 0) break;
            all.append(part.data(), static_cast<std::size_t>(got));
        }
        return all;
    }
};

// Reads and writes in turn until nothing waits.
std::string drain(Backlog& backlog, const Pipe& pipe) {
    std::string all;
    for (int turn = 0; turn < 1000; ++turn) {
        all += pipe.read();
        if (backlog.empty()) break;
        (void)backlog.write_to(pipe.writer.get(), Target::stream);
    }
    EXPECT_TRUE(backlog.empty());
    return all;
}

class FullPipe : public testing::TestWithParam<int> {};

TEST_P(FullPipe, WhatItDoesNotTakeIsKept) {
    Pipe pipe(GetParam());
    Backlog backlog(limit, told);
    std::string all;
    for (int number = 0; number < 190; ++number) {
        all += line(number);
        backlog.add(line(number));
    }
    EXPECT_EQ(backlog.write_to(pipe.writer.get(), Target::stream), Outcome::no_room);
    EXPECT_FALSE(backlog.empty());
    EXPECT_GT(backlog.written(), 0u);
    EXPECT_LT(backlog.written(), 190u);
    EXPECT_EQ(backlog.write_to(pipe.writer.get(), Target::stream), Outcome::no_room);
    EXPECT_EQ(drain(backlog, pipe), all);
    EXPECT_EQ(backlog.written(), 190u);
    EXPECT_EQ(backlog.lost(), 0u);
}

TEST_P(FullPipe, LostLinesAreCountedAndToldWhereTheyAreMissing) {
    Pipe pipe(GetParam());
    Backlog backlog(limit, told);
    for (int number = 0; number < 190; ++number) backlog.add(line(number));
    ASSERT_EQ(backlog.write_to(pipe.writer.get(), Target::stream), Outcome::no_room);
    const auto gone = static_cast<int>(backlog.written());  // already in the pipe
    const int kept = 200 + gone;
    for (int number = 190; number < kept + 37; ++number) backlog.add(line(number));
    EXPECT_EQ(backlog.lost(), 37u);
    std::string wanted;
    for (int number = 0; number < kept; ++number) wanted += line(number);
    EXPECT_EQ(drain(backlog, pipe), wanted + "37 lost\n");
    backlog.add(line(7));
    EXPECT_EQ(drain(backlog, pipe), line(7));
    EXPECT_EQ(backlog.lost(), 37u);
    EXPECT_EQ(backlog.written(), static_cast<std::uint64_t>(kept) + 2);
}

TEST_P(FullPipe, ALineLongerThanThePipeComesWhole) {
    Pipe pipe(GetParam());
    Backlog backlog(limit, told);
    const std::string longer = std::string(15'000, 'y') + '\n';
    backlog.add(longer);
    EXPECT_EQ(backlog.write_to(pipe.writer.get(), Target::stream), Outcome::no_room);
    EXPECT_EQ(backlog.written(), 0u);
    // Lines beyond the bound are lost; the one that was begun is not.
    for (int number = 0; number < 60; ++number) backlog.add(line(number));
    EXPECT_EQ(backlog.lost(), 11u);
    std::string all = drain(backlog, pipe);
    EXPECT_TRUE(all.starts_with(longer + line(0)));
    EXPECT_TRUE(all.ends_with(line(48) + "11 lost\n"));
}

TEST_P(FullPipe, AtTheEndItWaitsForTheReaderAWhile) {
    Pipe pipe(GetParam());
    Backlog backlog(limit, told);
    for (int number = 0; number < 190; ++number) backlog.add(line(number));
    EXPECT_EQ(backlog.write_within(pipe.writer.get(), Target::stream, Milliseconds(20)), Outcome::no_room);
    pid_t reads = fork();
    ASSERT_GE(reads, 0);
    if (reads == 0) {
        pipe.writer.reset();
        fcntl(pipe.reader.get(), F_SETFL, 0);
        _exit(pipe.read().size() == 19'000 ? 0 : 1);
    }
    EXPECT_EQ(backlog.write_within(pipe.writer.get(), Target::stream, std::chrono::seconds(30)),
              Outcome::all_written);
    pipe.writer.reset();
    int status = 0;
    ASSERT_EQ(waitpid(reads, &status, 0), reads);
    EXPECT_EQ(status, 0);
}

INSTANTIATE_TEST_SUITE_P(Both, FullPipe, testing::Values(0, O_NONBLOCK), [](const auto& with) {
    return std::string(with.param == O_NONBLOCK ? "NonBlocking" : "Blocking");
});

TEST(Backlog, AnotherFileGetsTheBegunLineWhole) {
    Pipe first(O_NONBLOCK), second(O_NONBLOCK);
    Backlog backlog(limit, told);
    const std::string longer = std::string(9'000, 'z') + '\n';
    backlog.add(line(1));
    backlog.add(longer);
    backlog.add(line(2));
    ASSERT_EQ(backlog.write_to(first.writer.get(), Target::stream), Outcome::no_room);
    std::string there = first.read();
    EXPECT_TRUE(there.starts_with(line(1) + "zzz"));
    EXPECT_FALSE(there.ends_with('\n'));
    backlog.begin_line_again();
    EXPECT_EQ(drain(backlog, second), longer + line(2));
}

TEST(Backlog, AReaderWhoIsGone) {
    std::signal(SIGPIPE, SIG_IGN);
    Pipe pipe(0);
    pipe.reader.reset();
    Backlog backlog(limit, told);
    backlog.add(line(1));
    EXPECT_EQ(backlog.write_to(pipe.writer.get(), Target::stream), Outcome::failed);
    EXPECT_EQ(errno, EPIPE);
    EXPECT_FALSE(backlog.empty());
}

TEST(Backlog, AFullDisk) {
    OwnedFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
    ASSERT_TRUE(full);
    Pipe pipe(0);
    Backlog backlog(limit, told);
    for (int number = 0; number < 205; ++number) backlog.add(line(number));
    EXPECT_EQ(backlog.write_to(full.get(), Target::file), Outcome::failed);
    EXPECT_EQ(errno, ENOSPC);
    EXPECT_EQ(backlog.written(), 0u);
    std::string all = drain(backlog, pipe);
    EXPECT_TRUE(all.starts_with(line(0) + line(1)));
    EXPECT_TRUE(all.ends_with(line(199) + "5 lost\n"));
}

}  // namespace
}  // namespace ekiden::logger
