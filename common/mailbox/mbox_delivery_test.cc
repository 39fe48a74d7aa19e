#include "common/mailbox/mbox_delivery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "common/mailbox/mbox_format.h"

namespace ekiden::mailbox {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::int64_t arrival = 1795307610;

std::string read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

class MboxTest : public ::testing::Test {
  protected:
    MboxTest() {
        setenv("TZ", "UTC", 1);
        tzset();
        std::string pattern = (fs::temp_directory_path() / "ekiden-mbox-XXXXXX").string();
        root_ = mkdtemp(pattern.data());
    }
    ~MboxTest() override {
        std::error_code ignored;
        fs::remove_all(root_, ignored);
    }
    MboxDelivery delivery(std::string_view content = "Received: id 1\r\nSubject: x\r\n\r\nbody\r\n") const {
        MboxDelivery d;
        d.path = (root_ / "taro").string();
        d.sender = "a@b.example";
        d.arrival_seconds = arrival;
        d.added_header = "Return-Path: <a@b.example>\r\nDelivered-To: taro@example.jp\r\n";
        d.content.inline_octets = content;
        d.content_size = content.size();
        d.locking.attempts = 1;
        d.locking.delay = 5ms;
        return d;
    }
    static std::string entry(std::string_view content = "Received: id 1\nSubject: x\n\nbody\n") {
        return "From a@b.example  Sun Nov 22 00:33:30 2026\nReturn-Path: <a@b.example>\nDelivered-To: "
               "taro@example.jp\n" +
               std::string(content) + "\n";
    }
    std::string mbox() const { return read(root_ / "taro"); }
    fs::path dotlock() const { return root_ / "taro.lock"; }
    static void put(const fs::path& path, std::string_view content) {
        std::ofstream(path, std::ios::binary) << content;
    }
    // In a process of its own: how it ended, as waitpid() tells it.
    static int in_child(const std::function<int()>& work) {
        pid_t pid = fork();
        if (pid == 0) _exit(work());
        int status = 0;
        waitpid(pid, &status, 0);
        return status;
    }
    fs::path root_;
};

TEST(MboxFormat, FromLine) {
    setenv("TZ", "UTC", 1);
    tzset();
    EXPECT_EQ(from_line("a@b", arrival), "From a@b  Sun Nov 22 00:33:30 2026\n");
    EXPECT_EQ(from_line("", 0), "From MAILER-DAEMON  Thu Jan  1 00:00:00 1970\n");
    EXPECT_EQ(from_line("a\nFrom b", 0), "From a?From b  Thu Jan  1 00:00:00 1970\n");
}

TEST(MboxFormat, QuotesWhereverItIsCut) {
    std::string text = "From a\nFrom\nFrom \n>From b\n From c\nFroFrom d\n\nFrom e\nF\nFrom";
    std::string wanted = ">From a\nFrom\n>From \n>From b\n From c\nFroFrom d\n\n>From e\nF\nFrom";
    for (std::size_t chunk = 1; chunk <= text.size(); ++chunk) {
        FromQuoter quoter;
        std::string out;
        for (std::size_t at = 0; at < text.size(); at += chunk) quoter.feed(text.substr(at, chunk), out);
        quoter.finish(out);
        EXPECT_EQ(out, wanted) << "in chunks of " << chunk;
    }
}

TEST_F(MboxTest, MakesTheFileAndItsDirectories) {
    MboxDelivery d = delivery();
    d.path = (root_ / "example.jp/taro").string();
    EXPECT_EQ(deliver(d).dsn, "4.3.5") << "directories are made where that is wanted only";
    d.make_directories = true;
    MboxOutcome outcome = deliver(d);
    ASSERT_EQ(outcome.fate, Fate::delivered) << outcome.text;
    EXPECT_EQ(outcome.dsn, "2.0.0");
    EXPECT_EQ(outcome.text, "delivered to mailbox");
    EXPECT_EQ(read(d.path), entry());
    struct stat info{};
    stat(d.path.c_str(), &info);
    EXPECT_EQ(info.st_mode & 07777, 0600u);
    EXPECT_FALSE(fs::exists(d.path + ".lock"));
}

TEST_F(MboxTest, EntriesAreQuotedAndEndWithAnEmptyLine) {
    MboxDelivery d = delivery("Received: x\r\n\r\nFrom here\r\nno end");
    ASSERT_EQ(deliver(d).fate, Fate::delivered);
    d.sender.clear();
    d.content.inline_octets = "Subject: header alone\r\n";
    ASSERT_EQ(deliver(d).fate, Fate::delivered);
    EXPECT_EQ(mbox(), entry("Received: x\n\n>From here\nno end\n") +
                          "From MAILER-DAEMON  Sun Nov 22 00:33:30 2026\nReturn-Path: <a@b.example>\n"
                          "Delivered-To: taro@example.jp\nSubject: header alone\n\n");
}

TEST_F(MboxTest, ContentFromADescriptor) {
    std::string wire = "Received: x\r\n\r\n", lines = "Received: x\n\n";
    for (int i = 0; i < 30000; ++i) {
        wire += "From line " + std::to_string(i) + "\r\n";
        lines += ">From line " + std::to_string(i) + "\n";
    }
    put(root_ / "content", wire);
    OwnedFd file(open((root_ / "content").c_str(), O_RDONLY));
    MboxDelivery d = delivery("");
    d.content.file = file.get();
    d.content_size = wire.size();
    ASSERT_EQ(deliver(d).fate, Fate::delivered);
    EXPECT_TRUE(mbox() == entry(lines));
    EXPECT_TRUE(deliver(d).found_earlier);
    EXPECT_TRUE(mbox() == entry(lines));
}

TEST_F(MboxTest, NothingIsGluedToWhatOthersLeft) {
    for (auto [before, between] :
         std::initializer_list<std::pair<std::string, std::string>>{{"", ""},
                                                                    {"From x\nA: b\n\nx\n\n", ""},
                                                                    {"From x\nA: b\n\nx\n", "\n"},
                                                                    {"From x\nA: b\n\nx", "\n\n"},
                                                                    {"x", "\n\n"},
                                                                    {"\n", ""}}) {
        put(root_ / "taro", before);
        ASSERT_EQ(deliver(delivery()).fate, Fate::delivered);
        EXPECT_EQ(mbox(), before + between + entry());
    }
}

TEST_F(MboxTest, ARetryFindsItsEarlierCopy) {
    put(root_ / "taro", "From other\nA: b\n\nx\n\n");
    ASSERT_FALSE(deliver(delivery()).found_earlier);
    std::string other = "Received: id 2\r\nSubject: x\r\n\r\nbody\r\n";
    ASSERT_FALSE(deliver(delivery(other)).found_earlier) << "the same but for the queue id";
    std::string before = mbox();
    for (std::string_view content :
         {std::string_view("Received: id 1\r\nSubject: x\r\n\r\nbody\r\n"), std::string_view(other)}) {
        MboxOutcome again = deliver(delivery(content));
        EXPECT_EQ(again.fate, Fate::delivered);
        EXPECT_TRUE(again.found_earlier);
    }
    EXPECT_EQ(mbox(), before);
    MboxDelivery to_another = delivery();
    to_another.added_header = "Delivered-To: hanako@example.jp\r\n";
    EXPECT_FALSE(deliver(to_another).found_earlier);
}

TEST_F(MboxTest, WhatReadersPutIntoTheHeaderHidesNoCopy) {
    put(root_ / "taro",
        entry("Received: id 1\nSubject: x\nStatus: RO\nX-UID: 7\n\nbody\n") + "From x\n\ny\n\n");
    EXPECT_TRUE(deliver(delivery()).found_earlier);
    // Another body, or no end of it: not this message.
    for (std::string_view copy : {"Received: id 1\nSubject: x\n\nbod\n", "Received: id 1\nSubject: x\n\n\n",
                                  "Received: id 1\n\nbody\n"}) {
        put(root_ / "taro", entry(copy) + "From x\n\ny\n\n");
        EXPECT_FALSE(deliver(delivery()).found_earlier) << copy;
        EXPECT_THAT(mbox(), EndsWith("y\n\n" + entry()));
    }
}

TEST_F(MboxTest, ATornCopyOfTheSameMessageGoes) {
    std::string before = "From other\nA: b\n\nx\n\n";
    for (std::size_t cut = 1; cut < entry().size(); ++cut) {
        put(root_ / "taro", before + entry().substr(0, cut));
        MboxOutcome outcome = deliver(delivery());
        ASSERT_EQ(outcome.fate, Fate::delivered);
        EXPECT_FALSE(outcome.found_earlier) << cut;
        if (cut > 5) EXPECT_EQ(mbox(), before + entry()) << "cut after " << cut;
        EXPECT_THAT(mbox(), StartsWith(before));
        EXPECT_THAT(mbox(), EndsWith("\n\n" + entry()));
    }
}

TEST_F(MboxTest, BeforeATornCopyOfAnotherMessageAnEmptyLineIsMade) {
    std::string before = "From other\nA: b\n\nx\n\n", other = "Received: id 2\r\nSubject: y\r\n\r\nbody\r\n";
    std::string other_entry = entry("Received: id 2\nSubject: y\n\nbody\n");
    for (std::size_t cut = 1; cut < entry().size(); ++cut) {
        std::string torn = before + entry().substr(0, cut);
        put(root_ / "taro", torn);
        ASSERT_EQ(deliver(delivery(other)).fate, Fate::delivered);
        EXPECT_THAT(mbox(), StartsWith(torn));
        EXPECT_THAT(mbox(), EndsWith("\n\n" + other_entry));
        // The torn one is tried again, now that others stand behind it.
        // Where but line ends were missing, the empty line made it whole.
        bool whole = cut >= entry().size() - 2;
        EXPECT_EQ(deliver(delivery()).found_earlier, whole) << cut;
        EXPECT_THAT(mbox(), EndsWith("\n\n" + other_entry + (whole ? "" : entry())));
        EXPECT_TRUE(deliver(delivery()).found_earlier);
    }
}

// The kernel kills a process that writes past RLIMIT_FSIZE, after it has written up to there: a death at each
// octet of the append, with both locks held.
TEST_F(MboxTest, DeathAtEachOctetLosesAndDoublesNothing) {
    std::string before = "From other\nA: b\n\nx\n\n";
    for (std::size_t octet = before.size(); octet < before.size() + entry().size(); ++octet) {
        put(root_ / "taro", before);
        int status = in_child([&] {
            rlimit core{0, 0}, limit{octet, octet};
            setrlimit(RLIMIT_CORE, &core);
            setrlimit(RLIMIT_FSIZE, &limit);
            std::signal(SIGXFSZ, SIG_DFL);
            return static_cast<int>(deliver(delivery()).fate);
        });
        ASSERT_TRUE(WIFSIGNALED(status)) << octet;
        EXPECT_THAT(mbox(), StartsWith(before));
        MboxDelivery again = delivery();
        again.locking.stale = Seconds(octet < 100 ? 0 : 500);  // a cut file.lock is known by its age alone
        if (octet < 100) fs::last_write_time(dotlock(), fs::file_time_type::clock::now() - 1min);
        MboxOutcome outcome = deliver(again);
        ASSERT_EQ(outcome.fate, Fate::delivered) << octet << outcome.text;
        if (octet > before.size() + 5) EXPECT_EQ(mbox(), before + entry()) << octet;
        EXPECT_THAT(mbox(), StartsWith(before));
        EXPECT_THAT(mbox(), EndsWith("\n\n" + entry()));
        EXPECT_FALSE(fs::exists(dotlock()));
    }
}

TEST_F(MboxTest, AFailedWriteIsTakenBack) {
    std::string before(5000, 'x');
    put(root_ / "taro", before + "\n\n");
    rlimit old{};
    getrlimit(RLIMIT_FSIZE, &old);
    rlimit small{5040, old.rlim_max};
    auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    MboxOutcome outcome = deliver(delivery());
    setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, old_handler);
    EXPECT_EQ(outcome.fate, Fate::deferred);
    EXPECT_THAT(outcome.text, HasSubstr("File too large"));
    EXPECT_EQ(mbox(), before + "\n\n");
    EXPECT_FALSE(fs::exists(dotlock()));
}

TEST_F(MboxTest, AFullDiskIsDeferred) {
    if (geteuid() != 0) return;  // only root can make a small one
    std::string content = "Subject: large\r\n\r\n";
    while (content.size() < 200'000) content += "a line of a large message\r\n";
    int status = in_child([&] {
        if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
            return 50;
        if (mount("tmpfs", root_.c_str(), "tmpfs", 0, "size=64k") != 0) return 51;
        if (deliver(delivery()).fate != Fate::delivered) return 1;
        std::string before = mbox();
        MboxOutcome outcome = deliver(delivery(content));
        if (outcome.fate != Fate::deferred || outcome.dsn != "4.3.1") return 2;
        if (mbox() != before || fs::exists(dotlock())) return 3;
        return deliver(delivery("Subject: small\r\n")).fate == Fate::delivered ? 0 : 4;
    });
    if (WEXITSTATUS(status) >= 50) return;  // a container without mounts
    EXPECT_EQ(status, 0);
}

TEST_F(MboxTest, ADescriptorThatCannotBeReadIsDeferred) {
    MboxDelivery d = delivery("");
    d.content.file = 9999;
    EXPECT_EQ(deliver(d).dsn, "4.2.0");
    EXPECT_EQ(mbox(), "");
}

TEST_F(MboxTest, Limits) {
    MboxDelivery d = delivery();
    d.message_limit = 10;
    EXPECT_EQ(deliver(d).dsn, "5.2.3");
    d.message_limit = 0;
    d.mailbox_limit = entry().size() * 2 - 1;
    ASSERT_EQ(deliver(d).fate, Fate::delivered);
    d.first_attempt = true;
    MboxOutcome full = deliver(d);
    EXPECT_EQ(full.fate, Fate::bounced);
    EXPECT_EQ(full.dsn, "5.2.2");
    EXPECT_EQ(mbox(), entry());
    d.mailbox_limit = entry().size() * 2;
    EXPECT_EQ(deliver(d).fate, Fate::delivered);
}

TEST_F(MboxTest, RefusesWhatIsNoMailbox) {
    struct Case {
        std::string name, reason;
        std::function<void(const fs::path&)> make;
    };
    put(root_ / "target", "");
    for (const Case& c : std::initializer_list<Case>{
             {"symlink", "is a symbolic link",
              [&](const fs::path& p) { fs::create_symlink(root_ / "target", p); }},
             {"dangling", "is a symbolic link",
              [&](const fs::path& p) { fs::create_symlink(root_ / "new", p); }},
             {"hardlink", "has 2 hard links",
              [&](const fs::path& p) { fs::create_hard_link(root_ / "target", p); }},
             {"directory", "is not a regular file", [](const fs::path& p) { fs::create_directory(p); }},
             {"pipe", "is not a regular file", [](const fs::path& p) { mkfifo(p.c_str(), 0600); }}}) {
        c.make(root_ / c.name);
        MboxDelivery d = delivery();
        d.path = (root_ / c.name).string();
        MboxOutcome outcome = deliver(d);
        EXPECT_EQ(outcome.fate, Fate::deferred);
        EXPECT_EQ(outcome.dsn, "4.3.5");
        EXPECT_THAT(outcome.text, HasSubstr(c.name + " " + c.reason));
        EXPECT_FALSE(fs::exists(d.path + ".lock"));
    }
    EXPECT_EQ(read(root_ / "target"), "");
    EXPECT_FALSE(fs::exists(root_ / "new"));
}

TEST_F(MboxTest, FilesOfOthersOnlyWhereTheyWillDo) {
    if (geteuid() != 0) return;  // only root can make one
    put(root_ / "taro", "");
    ASSERT_EQ(chown((root_ / "taro").c_str(), 12345, 12345), 0);
    MboxDelivery d = delivery();
    EXPECT_THAT(deliver(d).text, HasSubstr("belongs to uid 12345"));
    d.any_owner = true;
    EXPECT_EQ(deliver(d).fate, Fate::delivered);
}

TEST_F(MboxTest, TheNullDevice) {
    MboxDelivery d = delivery();
    d.path = "/dev/null";
    EXPECT_EQ(deliver(d).fate, Fate::deferred);
    d.null_device = true;
    EXPECT_EQ(deliver(d).fate, Fate::delivered);
}

TEST_F(MboxTest, ADirectoryThatLetsNoLockFileBeMade) {
    if (geteuid() != 0) return;  // who is not root cannot become another
    put(root_ / "taro", "");
    ASSERT_EQ(chown((root_ / "taro").c_str(), 12345, 12345), 0);
    chmod(root_.c_str(), 0755);
    auto try_as_taro = [&](bool may_fail) {
        return in_child([&] {
            if (setgid(12345) != 0 || setuid(12345) != 0) return 1;
            MboxDelivery d = delivery();
            d.locking.dotlock_may_fail = may_fail;
            MboxOutcome outcome = deliver(d);
            if (may_fail) return outcome.fate == Fate::delivered ? 0 : 2;
            return outcome.dsn == "4.3.5" && outcome.text.find("lock file") != std::string::npos ? 0 : 3;
        });
    };
    EXPECT_EQ(try_as_taro(false), 0);
    EXPECT_EQ(mbox(), "");
    EXPECT_EQ(try_as_taro(true), 0);
    EXPECT_EQ(mbox(), entry());
}

TEST_F(MboxTest, LockFilesOfOthersAreRespectedUntilTheyAreStale) {
    put(root_ / "taro", "");
    put(dotlock(), "1\n");
    MboxDelivery d = delivery();
    d.locking.attempts = 3;
    MboxOutcome outcome = deliver(d);
    EXPECT_TRUE(outcome.locked);
    EXPECT_EQ(outcome.fate, Fate::deferred);
    EXPECT_EQ(outcome.dsn, "4.2.0");
    EXPECT_THAT(outcome.text, HasSubstr("is locked by another program"));
    EXPECT_EQ(read(dotlock()), "1\n");
    EXPECT_EQ(mbox(), "");
    d.locking.dotlock = false;
    EXPECT_EQ(deliver(d).fate, Fate::delivered) << "the style was not asked for";
    d.locking.dotlock = true;
    d.first_attempt = true;
    fs::last_write_time(dotlock(), fs::file_time_type::clock::now() - 499s);
    EXPECT_TRUE(deliver(d).locked);
    fs::last_write_time(dotlock(), fs::file_time_type::clock::now() - 502s);
    EXPECT_EQ(deliver(d).fate, Fate::delivered);
    EXPECT_FALSE(fs::exists(dotlock()));
}

TEST_F(MboxTest, LockFilesOfOurDeadAreKnown) {
    utsname host{};
    uname(&host);
    put(dotlock(), "123\nekiden fcntl another.host\n");
    EXPECT_TRUE(deliver(delivery()).locked) << "its maker may live there";
    put(dotlock(), std::string("123\nekiden fcntl ") + host.nodename + "\n");
    MboxDelivery d = delivery();
    d.locking.fcntl = false;
    EXPECT_TRUE(deliver(d).locked) << "without the kernel's lock nobody knows";
    d.locking.fcntl = true;
    EXPECT_EQ(deliver(d).fate, Fate::delivered);
}

TEST_F(MboxTest, WaitsForALockThatGoes) {
    put(dotlock(), "1\n");
    MboxDelivery d = delivery();
    d.locking.attempts = 2000;
    std::thread waits([&] { EXPECT_EQ(deliver(d).fate, Fate::delivered); });
    fs::remove(dotlock());
    waits.join();
    EXPECT_EQ(mbox(), entry());
}

TEST_F(MboxTest, TheKernelsLocksOfOtherProcesses) {
    put(root_ / "taro", "");
    for (bool by_flock : {false, true}) {
        int ready[2], done[2];
        ASSERT_EQ(pipe(ready) + pipe(done), 0);
        pid_t pid = fork();
        if (pid == 0) {
            int file = open((root_ / "taro").c_str(), O_RDWR);
            struct flock whole{};
            whole.l_type = F_WRLCK;
            bool locked = by_flock ? flock(file, LOCK_EX) == 0 : fcntl(file, F_SETLK, &whole) == 0;
            char octet = locked ? 'y' : 'n';
            (void)!write(ready[1], &octet, 1);
            (void)!::read(done[0], &octet, 1);
            _exit(0);
        }
        char answer = 0;
        ASSERT_EQ(::read(ready[0], &answer, 1), 1);
        ASSERT_EQ(answer, 'y');
        MboxDelivery d = delivery();
        d.locking.flock = by_flock;
        d.locking.fcntl = !by_flock;
        EXPECT_TRUE(deliver(d).locked);
        EXPECT_FALSE(fs::exists(dotlock())) << "the one lock is not held while the other is waited for";
        (void)!write(done[1], "x", 1);
        waitpid(pid, nullptr, 0);
        d.first_attempt = true;
        EXPECT_EQ(deliver(d).fate, Fate::delivered);
        for (int end : {ready[0], ready[1], done[0], done[1]}) close(end);
    }
}

// 4 threads of ours, and Python's mailbox module with its own locks in another process.
TEST_F(MboxTest, WritersOfOtherProgramsAreRespected) {
    constexpr int each = 25;
    std::string script =
        "import mailbox, os, sys\n"
        "for i in range(int(sys.argv[2])):\n"
        "    box = mailbox.mbox(sys.argv[1])\n"
        "    while True:\n"
        "        try:\n"
        "            box.lock()\n"
        "            break\n"
        "        except mailbox.ExternalClashError:\n"
        "            os.sched_yield()\n"
        "    box.add(b'From python\\nSubject: %d\\n\\n' % i + b'python line\\n' * 1000)\n"
        "    box.flush(); box.unlock(); box.close()\n";
    pid_t python = fork();
    if (python == 0) {
        execl("/usr/bin/python3", "python3", "-c", script.c_str(), (root_ / "taro").c_str(),
              std::to_string(each).c_str(), nullptr);
        _exit(127);
    }
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([this, t] {
            for (int i = 0; i < each; ++i) {
                std::string content = "Received: id " + std::to_string(t * each + i) + "\r\n\r\n";
                for (int line = 0; line < 1000; ++line) content += "our line\r\n";
                MboxDelivery d = delivery(content);
                d.locking.attempts = 30'000;
                d.locking.delay = 1ms;
                d.first_attempt = true;
                d.flush = false;
                EXPECT_EQ(deliver(d).fate, Fate::delivered);
            }
        });
    for (std::thread& thread : threads) thread.join();
    int status = 0;
    waitpid(python, &status, 0);
    EXPECT_EQ(status, 0);
    std::ifstream in(root_ / "taro");
    std::string line, last = "\n", body;
    int ours = 0, pythons = 0, lines = 1000;
    while (std::getline(in, line)) {
        if (line.starts_with("From ")) {
            EXPECT_TRUE(last.empty() || last == "\n");
            EXPECT_EQ(lines, 1000) << "an entry is not whole";
            lines = 0;
            body = line.starts_with("From python") ? "python line" : "our line";
            ++(body == "our line" ? ours : pythons);
        } else if (line == body) {
            ++lines;
        } else {
            EXPECT_FALSE(line.ends_with("our line") || line.ends_with("python line")) << "interleaved";
        }
        last = line;
    }
    EXPECT_EQ(lines, 1000);
    EXPECT_EQ(ours, 4 * each);
    EXPECT_EQ(pythons, each);
}

TEST_F(MboxTest, AFileThatWasReplacedMeanwhileIsNotWrittenTo) {
    // Who rewrites by rename holds both locks; we wait with the old file open, and must come out in the new.
    put(root_ / "taro", "old");
    put(dotlock(), "1\n");
    MboxDelivery d = delivery();
    d.locking.attempts = 2000;
    std::thread waits([&] { EXPECT_EQ(deliver(d).fate, Fate::delivered); });
    OwnedFd old(open((root_ / "taro").c_str(), O_RDONLY));
    put(root_ / "new", "From x\n\n\n");
    fs::rename(root_ / "new", root_ / "taro");
    fs::remove(dotlock());
    waits.join();
    EXPECT_EQ(mbox(), "From x\n\n\n" + entry());
    struct stat info{};
    fstat(old.get(), &info);
    EXPECT_EQ(info.st_size, 3);
}

TEST(MboxLocking, Styles) {
    Result<MboxLocking> both = parse_mbox_locking({"fcntl", "dotlock"});
    ASSERT_TRUE(both);
    EXPECT_TRUE(both->fcntl && both->dotlock && !both->flock);
    EXPECT_TRUE(parse_mbox_locking({"flock"})->flock);
    EXPECT_FALSE(parse_mbox_locking({"flock"})->fcntl);
    EXPECT_THAT(parse_mbox_locking({"lockf"}).error().text,
                HasSubstr("unknown style of mailbox lock: lockf"));
    EXPECT_FALSE(parse_mbox_locking({}));
}

}  // namespace
}  // namespace ekiden::mailbox
