#include "common/mailbox/mbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

#include "common/mailbox/mbox_delivery.h"
#include "common/mailbox/mbox_rewrite.h"

namespace ekiden::mailbox {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string message(int number, int lines = 3) {
    std::string out = fmt::format("Subject: {}\n\n", number);
    for (int i = 0; i < lines; ++i) out += fmt::format("line {} of {}\n", i, number);
    return out;
}

std::string entry(int number, int lines = 3) {
    return fmt::format("From a@b.example  Sun Nov 22 00:33:{:02} 2026\n{}\n", number % 60,
                       message(number, lines));
}

class MboxReaderTest : public ::testing::Test {
  protected:
    MboxReaderTest() {
        std::string pattern = (fs::temp_directory_path() / "ekiden-mbox-XXXXXX").string();
        root_ = mkdtemp(pattern.data());
        root_fd_.reset(open(root_.c_str(), O_RDONLY | O_DIRECTORY));
    }
    ~MboxReaderTest() override {
        std::error_code ignored;
        fs::remove_all(root_, ignored);
    }
    fs::path file() const { return root_ / "taro"; }
    fs::path journal() const { return root_ / ".taro.ekiden-rewrite"; }
    void put(std::string_view content) const { std::ofstream(file(), std::ios::binary) << content; }
    // Another program's change in place, long enough ago that the clock tells it apart.
    void put_old(std::string_view content) const {
        put(content);
        timespec times[2] = {{0, UTIME_OMIT}, {time(nullptr) - 60, 0}};
        utimensat(AT_FDCWD, file().c_str(), times, 0);
    }
    std::string content() const {
        std::ifstream in(file(), std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::unique_ptr<Mbox> opened() const {
        Result<std::unique_ptr<Mbox>> mbox = Mbox::open(root_fd_.get(), "taro", {}, 1000);
        EXPECT_TRUE(mbox) << mbox.error().text;
        return std::move(*mbox);
    }
    std::vector<std::string> ids() const {
        std::vector<std::string> out;
        std::unique_ptr<Mbox> mbox = opened();
        for (std::size_t i = 0; i < mbox->count(); ++i) out.push_back(mbox->unique_id(i));
        return out;
    }
    static Result<std::string> read(Mbox& mbox, std::size_t index, std::size_t room = 7) {
        Result<std::unique_ptr<OpenMessage>> reading = mbox.open_message(index);
        if (!reading) return pass(reading);
        std::string out;
        for (std::size_t n = room; n == room;) {
            std::string buffer(room, '\0');
            Result<std::size_t> octets = (*reading)->read(out.size(), buffer);
            if (!octets) return pass(octets);
            n = *octets;
            out.append(buffer, 0, n);
        }
        return out;
    }
    // Only the mailbox stands there.
    void expect_nothing_left() const {
        for (const auto& each : fs::directory_iterator(root_))
            EXPECT_EQ(each.path().filename(), "taro") << "was left";
    }
    static int in_child(const std::function<int()>& work) {
        pid_t pid = fork();
        if (pid == 0) _exit(work());
        int status = 0;
        waitpid(pid, &status, 0);
        return status;
    }
    // A removal that dies when a file would become longer than `octets`.
    int remove_and_die_at(std::size_t octets, const std::vector<std::size_t>& indices) const {
        return in_child([&] {
            std::unique_ptr<Mbox> mbox = opened();
            rlimit core{0, 0}, limit{octets, octets};
            setrlimit(RLIMIT_CORE, &core);
            setrlimit(RLIMIT_FSIZE, &limit);
            std::signal(SIGXFSZ, SIG_DFL);
            return mbox->remove(indices) ? 0 : 1;
        });
    }
    fs::path root_;
    OwnedFd root_fd_;
};

TEST_F(MboxReaderTest, WhatIsNotThereIsEmpty) {
    EXPECT_EQ(opened()->count(), 0u);
    EXPECT_FALSE(fs::exists(file()));
    put("");
    EXPECT_EQ(opened()->count(), 0u);
    expect_nothing_left();
}

TEST_F(MboxReaderTest, ListsAndReads) {
    put(entry(1) + entry(2, 0) + entry(3, 200));
    std::unique_ptr<Mbox> mbox = opened();
    ASSERT_EQ(mbox->count(), 3u);
    EXPECT_EQ(read(*mbox, 0).value(), message(1));
    EXPECT_EQ(read(*mbox, 1).value(), message(2, 0));
    EXPECT_EQ(read(*mbox, 2).value(), message(3, 200));
    EXPECT_EQ(mbox->wire_size(0), message(1).size() + 5);
    expect_nothing_left();
}

TEST_F(MboxReaderTest, AnEmptyBody) {
    put("From x\nSubject: 1\n\n\nFrom y\nSubject: 2\n\n");
    std::unique_ptr<Mbox> mbox = opened();
    ASSERT_EQ(mbox->count(), 2u);
    EXPECT_EQ(read(*mbox, 0).value(), "Subject: 1\n\n");
    EXPECT_EQ(read(*mbox, 1).value(), "Subject: 2\n");
}

TEST_F(MboxReaderTest, IdsStayWhateverOthersDo) {
    put(entry(1) + entry(2) + entry(3));
    std::vector<std::string> before = ids();
    put(entry(2) + entry(3) + entry(4));
    std::vector<std::string> after = ids();
    EXPECT_EQ(after[0], before[1]);
    EXPECT_EQ(after[1], before[2]);
    EXPECT_NE(after[2], before[0]);
    put("From a\nSubject: 2\nStatus: RO\nX-UID: 5\n\n" + message(2).substr(12) + "\n");
    EXPECT_EQ(ids(), std::vector<std::string>{before[1]});
}

TEST_F(MboxReaderTest, EqualMessagesHaveIdsOfTheirOwn) {
    put(entry(1) + entry(1) + entry(2) + entry(1));
    std::vector<std::string> all = ids();
    EXPECT_EQ(all[1], all[0] + "-2");
    EXPECT_EQ(all[3], all[0] + "-3");
    put(entry(1) + entry(2) + entry(1));
    EXPECT_EQ(ids(), (std::vector<std::string>{all[0], all[2], all[1]}));
}

TEST_F(MboxReaderTest, IdsOfOlderServersCountWhereTheyAreUnique) {
    put("From a\nX-UIDL: abc\nSubject: 1\n\nx\n\nFrom a\nX-UIDL: dup\nSubject: 2\n\nx\n\nFrom a\nX-UIDL: "
        "dup\nSubject: "
        "3\n\nx\n\n");
    std::vector<std::string> all = ids();
    EXPECT_EQ(all[0], "abc");
    EXPECT_EQ(all[1].size(), 32u);
    EXPECT_EQ(all[2].size(), 32u);
    EXPECT_NE(all[1], all[2]);
    // Somebody writes another's digest into his mail.
    put("From a\nX-UIDL: " + all[1] + "\nSubject: 1\n\nx\n\nFrom a\nSubject: 2\n\nx\n\n");
    EXPECT_EQ(ids()[1], all[1]);
    EXPECT_NE(ids()[0], all[1]);
}

TEST_F(MboxReaderTest, FollowsWhatOtherProgramsDo) {
    put_old(entry(1) + entry(2, 50) + entry(3));
    std::unique_ptr<Mbox> mbox = opened();
    Result<std::unique_ptr<OpenMessage>> reading = mbox->open_message(1);
    std::string part(20, '\0');
    ASSERT_EQ((*reading)->read(0, part), 20u);
    EXPECT_EQ(part, message(2, 50).substr(0, 20));
    // The first one is removed while the second is being read; another one comes.
    put(entry(2, 50) + entry(3) + entry(4));
    ASSERT_EQ((*reading)->read(20, part), 20u);
    EXPECT_EQ(part, message(2, 50).substr(20, 20));
    EXPECT_EQ(read(*mbox, 2).value(), message(3));
    EXPECT_EQ(read(*mbox, 0).error().kind, ErrorKind::not_found);
    EXPECT_EQ(mbox->count(), 3u);
    fs::remove(file());
    put(entry(3));
    EXPECT_EQ(read(*mbox, 2).value(), message(3));
}

TEST_F(MboxReaderTest, TheLimit) {
    put(entry(1) + entry(2) + entry(3));
    std::unique_ptr<Mbox> mbox = std::move(Mbox::open(root_fd_.get(), "taro", {}, 2).value());
    EXPECT_EQ(mbox->count(), 2u);
    ASSERT_TRUE(mbox->remove({0}));
    EXPECT_EQ(content(), entry(2) + entry(3));
}

TEST_F(MboxReaderTest, RemovesInPlace) {
    for (auto [indices, wanted] : std::initializer_list<std::pair<std::vector<std::size_t>, std::string>>{
             {{0}, entry(2) + entry(3)},
             {{1}, entry(1) + entry(3)},
             {{2}, entry(1) + entry(2)},
             {{0, 2}, entry(2)},
             {{0, 1, 2}, ""},
             {{}, entry(1) + entry(2) + entry(3)}}) {
        put(entry(1) + entry(2) + entry(3));
        OwnedFd old(::open(file().c_str(), O_RDONLY));
        ASSERT_TRUE(opened()->remove(indices));
        EXPECT_EQ(content(), wanted);
        struct stat before{}, after{};
        fstat(old.get(), &before);
        stat(file().c_str(), &after);
        EXPECT_EQ(before.st_ino, after.st_ino) << "others have this file open";
        expect_nothing_left();
    }
}

TEST_F(MboxReaderTest, WhatCameMeanwhileStays) {
    put("a preamble\n\n" + entry(1) + entry(2) + entry(3));
    std::unique_ptr<Mbox> mbox = opened();
    put("a preamble\n\n" + entry(1) + entry(3) + entry(4));
    ASSERT_TRUE(mbox->remove({0, 1}));
    EXPECT_EQ(content(), "a preamble\n\n" + entry(3) + entry(4));
    fs::remove(file());
    EXPECT_TRUE(mbox->remove({2})) << "all is gone already";
}

TEST_F(MboxReaderTest, LocksOfOthers) {
    put(entry(1));
    std::unique_ptr<Mbox> mbox = opened();
    std::ofstream(root_ / "taro.lock") << "1\n";
    EXPECT_EQ(mbox->remove({0}).error().kind, ErrorKind::denied);
    EXPECT_EQ(Mbox::open(root_fd_.get(), "taro", {}, 1000).error().kind, ErrorKind::denied);
    EXPECT_EQ(content(), entry(1));
    fs::remove(root_ / "taro.lock");
    EXPECT_TRUE(mbox->remove({0}));
}

// First the journal is written, then the mailbox, which is longer: the limit passes through both.
TEST_F(MboxReaderTest, DeathAnywhereInARemovalLosesNothing) {
    std::string before = entry(1, 30) + entry(2) + entry(3) + entry(4);
    std::string after = entry(1, 30) + entry(3) + entry(4);
    std::size_t in_copy = 0, in_journal = 0;
    for (std::size_t octets = 100; octets <= after.size(); octets += octets + 3 < after.size() ? 3 : 1) {
        put(before);
        int status = remove_and_die_at(octets, {1});
        ASSERT_EQ(WIFSIGNALED(status), octets < after.size()) << octets;
        ++(fs::exists(journal()) ? in_copy : in_journal);
        bool journaled = fs::exists(journal());
        EXPECT_EQ(opened()->count(), journaled || octets == after.size() ? 3u : 4u) << octets;
        EXPECT_EQ(content(), journaled || octets == after.size() ? after : before) << octets;
        EXPECT_FALSE(fs::exists(journal()));
        EXPECT_FALSE(fs::exists(root_ / "taro.lock"));
    }
    EXPECT_GT(in_copy, 10u);
    EXPECT_GT(in_journal, 50u);
}

// The states that a power cut leaves, and what other programs append before Ekiden comes back.
TEST_F(MboxReaderTest, AnInterruptedRemovalIsFinishedFromEveryState) {
    std::string before = entry(1, 60) + entry(2) + entry(3) + entry(4);
    std::string after = entry(1, 60) + entry(3) + entry(4);
    put(before);
    ASSERT_TRUE(WIFSIGNALED(remove_and_die_at(entry(1, 60).size(), {1})));
    ASSERT_TRUE(fs::exists(journal()));
    fs::copy(journal(), root_ / "kept");
    std::string copied = after + before.substr(after.size());
    std::string mixed = before;
    for (std::size_t at = entry(1, 60).size(); at < after.size(); at += 3) mixed[at] = 'Z';
    struct State {
        std::string file;
        bool cut;
    };
    for (const State& state :
         std::initializer_list<State>{{before, false}, {mixed, false}, {copied, false}, {after, true}})
        for (const std::string& appended : {std::string(), entry(5), entry(5, 100)})
            for (bool by_delivery : {false, true}) {
                put(state.file + appended);
                fs::copy(root_ / "kept", journal(), fs::copy_options::overwrite_existing);
                if (!by_delivery) {
                    EXPECT_EQ(opened()->count(), appended.empty() ? 3u : 4u);
                    EXPECT_EQ(content(), after + appended);
                } else {
                    MboxDelivery d;
                    d.path = file().string();
                    d.content.inline_octets = "Subject: new\r\n";
                    ASSERT_EQ(deliver(d).fate, Fate::delivered);
                    EXPECT_THAT(content(), ::testing::StartsWith(after + appended + "From MAILER-DAEMON"));
                }
                EXPECT_FALSE(fs::exists(journal()));
            }
}

TEST_F(MboxReaderTest, WhatNobodyUnderstandsIsKept) {
    std::string before = entry(1, 30) + entry(2) + entry(3);
    put(before);
    ASSERT_TRUE(WIFSIGNALED(remove_and_die_at(entry(1, 30).size(), {1})));
    put(entry(7));  // another program wrote the mailbox anew
    EXPECT_EQ(opened()->count(), 1u);
    EXPECT_EQ(content(), entry(7));
    std::size_t rescued = 0;
    for (const auto& each : fs::directory_iterator(root_)) {
        std::ifstream in(each.path(), std::ios::binary);
        std::string text{std::istreambuf_iterator<char>(in), {}};
        if (each.path().filename().string().starts_with("taro.ekiden-rescued-"))
            rescued += text.ends_with(entry(3));
    }
    EXPECT_EQ(rescued, 1u);
    // A journal that was never whole.
    std::ofstream(journal()) << "ekiden-mbox-rewrite 1 5 100 200 a b\n";
    EXPECT_EQ(opened()->count(), 1u);
    EXPECT_FALSE(fs::exists(journal()));
}

TEST_F(MboxReaderTest, AFullDiskRemovesNothing) {
    std::string before = entry(1, 30) + entry(2) + entry(3, 100);
    put(before);
    std::unique_ptr<Mbox> mbox = opened();
    rlimit old{};
    getrlimit(RLIMIT_FSIZE, &old);
    rlimit small{500, old.rlim_max};
    auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    Result<> removed = mbox->remove({1});
    setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, old_handler);
    EXPECT_FALSE(removed);
    EXPECT_EQ(content(), before);
    expect_nothing_left();
}

TEST_F(MboxReaderTest, OneSessionAtATimeAndByItsPath) {
    put(entry(1));
    OpeningSettings settings;
    {
        Result<OpenedMailbox> first = open_mailbox(root_fd_.get(), "taro", settings);
        ASSERT_TRUE(first) << first.error().text;
        EXPECT_EQ(first->mailbox->count(), 1u);
        EXPECT_EQ(open_mailbox(root_fd_.get(), "taro", settings).error().kind, ErrorKind::denied);
        EXPECT_TRUE(open_mailbox(root_fd_.get(), "example.jp/hanako/", settings));
        EXPECT_TRUE(fs::is_directory(root_ / "example.jp/hanako/cur"));
    }
    EXPECT_TRUE(open_mailbox(root_fd_.get(), "taro", settings));
    EXPECT_EQ(open_mailbox(root_fd_.get(), "../taro", settings).error().kind, ErrorKind::permanent);
    Result<OpenedMailbox> maildir = open_mailbox(root_fd_.get(), "example.jp/hanako", settings);
    EXPECT_THAT(maildir.error().text, ::testing::HasSubstr("is not a regular file"));
}

}  // namespace
}  // namespace ekiden::mailbox
