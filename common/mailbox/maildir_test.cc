#include "common/mailbox/maildir.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "common/mailbox/content.h"
#include "common/mailbox/maildir_delivery.h"
#include "common/mailbox/maildir_files.h"
#include "common/mailbox/maildir_name.h"

namespace ekiden::mailbox {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class MaildirTest : public ::testing::Test {
  protected:
    MaildirTest() {
        std::string pattern = (fs::temp_directory_path() / "ekiden-maildir-XXXXXX").string();
        root_ = mkdtemp(pattern.data());
        root_fd_.reset(open(root_.c_str(), O_RDONLY | O_DIRECTORY));
    }
    ~MaildirTest() override {
        std::error_code ignored;
        fs::remove_all(root_, ignored);
    }
    MaildirDelivery delivery(std::string_view content = "Subject: x\r\n\r\nbody\r\n") const {
        MaildirDelivery d;
        d.mail_root = root_fd_.get();
        d.mailbox = "example.jp/taro/";
        d.queue_id = "4Zk1Qw1xyz";
        d.arrival_seconds = 1795286010;
        d.host = "mail.example.jp";
        d.added_header = "Return-Path: <a@b>\r\nDelivered-To: taro@example.jp\r\n";
        d.content.inline_octets = content;
        d.content_size = content.size();
        return d;
    }
    fs::path maildir() const { return root_ / "example.jp/taro"; }
    Maildir opened() const {
        Result<Maildir> m = Maildir::open(OwnedFd(open(maildir().c_str(), O_RDONLY | O_DIRECTORY)), 1000);
        EXPECT_TRUE(m) << m.error().text;
        return std::move(*m);
    }
    void put(const std::string& name, std::string_view content) const {
        std::ofstream(maildir() / name, std::ios::binary) << content;
    }
    static std::string read(const fs::path& path) {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::vector<std::string> names(const char* sub) const {
        std::vector<std::string> out;
        for (const auto& entry : fs::directory_iterator(maildir() / sub))
            out.push_back(entry.path().filename());
        return out;
    }
    fs::path root_;
    OwnedFd root_fd_;
};

TEST(MaildirName, ReadsAnyName) {
    MaildirName n = parse_name("17.Qx.host,S=12,W=15:2,FS");
    EXPECT_EQ(n.base, "17.Qx.host");
    EXPECT_EQ(n.size, 12u);
    EXPECT_EQ(n.wire_size, 15u);
    EXPECT_EQ(n.flags, "FS");
    for (std::string_view odd :
         {"", ",", ":", ":2,", ",S=", ",W=x", ",,,", "a:b,S=1", ",S=99999999999999999999"}) {
        EXPECT_FALSE(parse_name(odd).size) << odd;
        EXPECT_FALSE(parse_name(odd).wire_size) << odd;
    }
    EXPECT_EQ(parse_name(message_name("b", 1, 2)).wire_size, 2u);
}

TEST(MaildirName, UniqueIdsAreOfTheRightForm) {
    EXPECT_EQ(unique_id("17.Qx.host,S=12:2,S"), "17.Qx.host");
    EXPECT_EQ(unique_id("with space").size(), 32u);
    EXPECT_EQ(unique_id(std::string(71, 'a')).size(), 32u);
    EXPECT_NE(unique_id(std::string(71, 'a')), unique_id(std::string(72, 'a')));
    EXPECT_EQ(delivery_base(1, "Q", 2, "a/b:c,d"), "1.QQR2.a_b_c_d");
}

TEST(LineEnds, EveryCutGivesTheSame) {
    struct Case {
        std::string_view wire, file;
        std::uint64_t wire_size;
    };
    for (const Case& c : std::initializer_list<Case>{{"a\r\nb\r\n", "a\nb\n", 6},
                                                     {"a\r\nb", "a\nb\n", 6},
                                                     {"", "", 0},
                                                     {"a\rb\r\n", "a\rb\n", 5},
                                                     {"a\nb\n", "a\nb\n", 6},
                                                     {"a\r\r\n", "a\r\r\n", 4},
                                                     {"\r\n\r\n", "\n\n", 4}})
        for (std::size_t chunk = 1; chunk <= c.wire.size() + 1; ++chunk) {
            LineEndStripper stripper;
            std::string out;
            for (std::size_t at = 0; at < c.wire.size(); at += chunk)
                stripper.feed(c.wire.substr(at, chunk), out);
            stripper.finish(out);
            EXPECT_EQ(out, c.file) << c.wire << " in chunks of " << chunk;
            EXPECT_EQ(stripper.size(), c.file.size());
            EXPECT_EQ(stripper.wire_size(), c.wire_size) << c.wire << " in chunks of " << chunk;
        }
}

TEST_F(MaildirTest, DeliversWithMissingDirectories) {
    MaildirOutcome outcome = deliver(delivery());
    ASSERT_EQ(outcome.fate, Fate::delivered) << outcome.text;
    EXPECT_EQ(outcome.dsn, "2.0.0");
    EXPECT_EQ(outcome.text, "delivered to maildir");
    std::string wanted = "Return-Path: <a@b>\nDelivered-To: taro@example.jp\nSubject: x\n\nbody\n";
    EXPECT_EQ(read(maildir() / "new" / outcome.name), wanted);
    EXPECT_EQ(outcome.name, "1795286010.Q4Zk1Qw1xyzR0.mail.example.jp,S=66,W=71");
    EXPECT_TRUE(names("tmp").empty());
    struct stat info{};
    stat(maildir().c_str(), &info);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(MaildirTest, ContentFromADescriptor) {
    std::string large = "Subject: x\r\n\r\n";
    for (int i = 0; i < 20000; ++i) large += "line " + std::to_string(i) + "\r\n";
    std::ofstream(root_ / "content", std::ios::binary) << large;
    OwnedFd file(open((root_ / "content").c_str(), O_RDONLY));
    MaildirDelivery d = delivery("");
    d.content.file = file.get();
    d.content_size = large.size();
    ASSERT_EQ(deliver(d).fate, Fate::delivered);
    EXPECT_EQ(opened().wire_size(0), large.size() + d.added_header.size());
}

TEST_F(MaildirTest, ARetryFindsItsEarlierCopy) {
    MaildirOutcome first = deliver(delivery());
    MaildirOutcome again = deliver(delivery());
    EXPECT_EQ(again.fate, Fate::delivered);
    EXPECT_TRUE(again.found_earlier);
    fs::rename(maildir() / "new" / first.name, maildir() / "cur" / (first.name + ":2,S"));
    EXPECT_TRUE(deliver(delivery()).found_earlier);
    EXPECT_TRUE(names("new").empty());
    MaildirDelivery other = delivery();
    other.recipient = 1;
    EXPECT_FALSE(deliver(other).found_earlier);
}

TEST_F(MaildirTest, ARetryThatCannotLookIsDeferred) {
    ASSERT_EQ(deliver(delivery()).fate, Fate::delivered);
    fs::remove_all(maildir() / "cur");
    put("cur", "no directory");
    fs::remove_all(maildir() / "new");
    fs::create_directory(maildir() / "new");
    MaildirDelivery again = delivery();
    again.first_attempt = false;
    MaildirOutcome outcome = deliver(again);
    EXPECT_EQ(outcome.fate, Fate::deferred);
    EXPECT_EQ(outcome.dsn, "4.3.0");
    EXPECT_TRUE(fs::is_empty(maildir() / "new")) << "an earlier copy may be where nobody could look";
}

TEST_F(MaildirTest, AttemptsAtTheSameTimeDeliverOnce) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([this] {
            MaildirDelivery d = delivery();
            d.first_attempt = true;
            EXPECT_EQ(deliver(d).fate, Fate::delivered);
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(names("new").size(), 1u);
    EXPECT_TRUE(names("tmp").empty());
}

TEST_F(MaildirTest, Quota) {
    MaildirDelivery d = delivery();
    d.quota = 150;
    EXPECT_EQ(deliver(d).fate, Fate::delivered);
    d.recipient = 1;
    EXPECT_EQ(deliver(d).fate, Fate::delivered);
    d.recipient = 2;
    MaildirOutcome full = deliver(d);
    EXPECT_EQ(full.fate, Fate::bounced);
    EXPECT_EQ(full.dsn, "5.2.2");
    d.quota = 0;
    d.size_limit = 10;
    EXPECT_EQ(deliver(d).dsn, "5.2.3");
}

TEST_F(MaildirTest, ABatchSharesItsStepsAndNotItsFailures) {
    std::vector<MaildirDelivery> batch(6, delivery());
    for (std::uint32_t i = 0; i < batch.size(); ++i) {
        batch[i].recipient = i;
        batch[i].first_attempt = true;
    }
    batch[1].mailbox = "example.jp/hanako/";
    batch[2].mailbox = "..";
    batch[3].size_limit = 10;
    batch[5].recipient = 0;
    std::vector<const MaildirDelivery*> orders;
    for (const MaildirDelivery& d : batch) orders.push_back(&d);
    std::vector<std::string> codes;
    for (const MaildirOutcome& outcome : deliver_all(orders)) codes.push_back(outcome.dsn);
    EXPECT_EQ(codes, (std::vector<std::string>{"2.0.0", "2.0.0", "5.3.5", "5.2.3", "2.0.0", "2.0.0"}));
    EXPECT_EQ(names("new").size(), 2u) << "the same delivery twice is one file";
    EXPECT_EQ(
        std::distance(fs::directory_iterator(root_ / "example.jp/hanako/new"), fs::directory_iterator()), 1);
    EXPECT_TRUE(names("tmp").empty());
}

TEST_F(MaildirTest, ABatchCountsItselfAgainstTheQuota) {
    std::vector<MaildirDelivery> batch(3, delivery());
    std::vector<const MaildirDelivery*> orders;
    for (std::uint32_t i = 0; i < batch.size(); ++i) {
        batch[i].recipient = i;
        batch[i].quota = 150;
        orders.push_back(&batch[i]);
    }
    std::vector<std::string> codes;
    for (const MaildirOutcome& outcome : deliver_all(orders)) codes.push_back(outcome.dsn);
    EXPECT_EQ(codes, (std::vector<std::string>{"2.0.0", "2.0.0", "5.2.2"}));
}

TEST_F(MaildirTest, MissingPartsAreMadeAgain) {
    deliver(delivery());
    for (const char* part : {"tmp", "new"}) {
        fs::remove_all(maildir() / part);
        MaildirDelivery d = delivery();
        d.recipient = part[0];
        d.first_attempt = true;
        EXPECT_EQ(deliver(d).fate, Fate::delivered);
    }
}

TEST_F(MaildirTest, PathsStayBelowTheRoot) {
    for (std::string_view bad : {"", "/", "/etc", "a/../b", "..", "./a", "a\nb", "a//../c"})
        EXPECT_FALSE(is_safe_mailbox_path(bad)) << bad;
    for (std::string_view good : {"a", "example.jp/taro/", "a//b", "..a/b.."})
        EXPECT_TRUE(is_safe_mailbox_path(good));
    MaildirDelivery d = delivery();
    d.mailbox = "../outside/";
    EXPECT_EQ(deliver(d).dsn, "5.3.5");
}

TEST_F(MaildirTest, WhatHealsIsDeferred) {
    MaildirDelivery d = delivery();
    std::ofstream(root_ / "example.jp") << "a file";
    MaildirOutcome outcome = deliver(d);
    EXPECT_EQ(outcome.fate, Fate::deferred);
    EXPECT_EQ(outcome.dsn, "4.3.5");
    EXPECT_THAT(outcome.text, HasSubstr("Not a directory"));
}

TEST_F(MaildirTest, WrongOwnerIsDeferred) {
    if (geteuid() != 0) return;  // only root can make one
    fs::create_directories(maildir() / "new");
    ASSERT_EQ(chown(maildir().c_str(), 12345, 12345), 0);
    MaildirOutcome outcome = deliver(delivery());
    EXPECT_EQ(outcome.fate, Fate::deferred);
    EXPECT_THAT(outcome.text, HasSubstr("belongs to uid 12345"));
}

TEST_F(MaildirTest, AFailedWriteLeavesNothing) {
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    rlimit small{20, before.rlim_max};
    auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    MaildirOutcome outcome = deliver(delivery());
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, old_handler);
    EXPECT_EQ(outcome.fate, Fate::deferred);
    EXPECT_TRUE(names("tmp").empty());
    EXPECT_TRUE(names("new").empty());
}

TEST_F(MaildirTest, ListsInOrderOfArrivalWithSizes) {
    deliver(delivery());
    put("cur/1795286009.a.h:2,S", "x\ny\n");
    put("new/99.b.h,S=4,W=77", "ignored");
    put("new/.hidden", "x");
    Maildir m = opened();
    ASSERT_EQ(m.count(), 3u);
    EXPECT_EQ(m.unique_id(0), "99.b.h");
    EXPECT_EQ(m.wire_size(0), 77u);
    EXPECT_EQ(m.unique_id(1), "1795286009.a.h");
    EXPECT_EQ(m.wire_size(1), 6u);
    EXPECT_EQ(m.unique_id(2), "1795286010.Q4Zk1Qw1xyzR0.mail.example.jp");
}

TEST_F(MaildirTest, FollowsWhatOtherProgramsDo) {
    MaildirOutcome outcome = deliver(delivery());
    Maildir m = opened();
    fs::rename(maildir() / "new" / outcome.name, maildir() / "cur" / (outcome.name + ":2,RS"));
    EXPECT_TRUE(m.open_message(0));
    EXPECT_TRUE(m.remove({0}));
    EXPECT_TRUE(names("cur").empty());
    EXPECT_EQ(m.open_message(0).error().kind, ErrorKind::not_found);
    EXPECT_TRUE(m.remove({0}));
}

TEST_F(MaildirTest, TwinsHaveIdsOfTheirOwn) {
    deliver(delivery());
    put("new/5.a.h", "x\n");
    put("cur/5.a.h:2,S", "x\n");
    put("cur/5.a.h:2,", "x\n");
    Maildir m = opened();
    ASSERT_EQ(m.count(), 4u);
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < 4; ++i) ids.push_back(m.unique_id(i));
    std::ranges::sort(ids);
    EXPECT_EQ(std::ranges::unique(ids).size(), 0u);
}

TEST_F(MaildirTest, LockExcludesWithinAProcess) {
    deliver(delivery());
    OwnedFd directory(open(maildir().c_str(), O_RDONLY | O_DIRECTORY));
    {
        Result<SessionLock> first = SessionLock::take(directory.get(), "ekiden-pop3.lock");
        ASSERT_TRUE(first);
        EXPECT_EQ(SessionLock::take(directory.get(), "ekiden-pop3.lock").error().kind, ErrorKind::denied);
    }
    EXPECT_TRUE(SessionLock::take(directory.get(), "ekiden-pop3.lock"));
}

TEST_F(MaildirTest, OneSessionADayIsTheFirst) {
    deliver(delivery());
    OwnedFd directory(open(maildir().c_str(), O_RDONLY | O_DIRECTORY));
    Result<SessionLock> lock = SessionLock::take(directory.get(), "ekiden-pop3.lock");
    ASSERT_TRUE(lock);
    std::int64_t now = time(nullptr);
    EXPECT_FALSE(lock->daily(now));
    EXPECT_TRUE(lock->daily(now + 86500));
    timespec days_ago[2]{{now - 200'000, 0}, {now - 200'000, 0}};
    utimensat(directory.get(), "ekiden-pop3.lock", days_ago, 0);
    EXPECT_TRUE(lock->daily(now));
    EXPECT_FALSE(lock->daily(now)) << "it was called today";
}

TEST_F(MaildirTest, SweepsOldLeftovers) {
    deliver(delivery());
    put("tmp/old", "x");
    put("tmp/young", "x");
    timespec times[2] = {{1000, 0}, {1000, 0}};
    utimensat(AT_FDCWD, (maildir() / "tmp/old").c_str(), times, 0);
    OwnedFd directory(open(maildir().c_str(), O_RDONLY | O_DIRECTORY));
    sweep_tmp(directory.get(), time(nullptr));
    EXPECT_EQ(names("tmp"), std::vector<std::string>{"young"});
}

}  // namespace
}  // namespace ekiden::mailbox
