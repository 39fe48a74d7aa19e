#include "local-delivery/children.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>

namespace ekiden::local_delivery {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

class ChildrenTest : public ::testing::Test {
  protected:
    ChildrenTest() {
        std::string pattern = (fs::temp_directory_path() / "ekiden-children-XXXXXX").string();
        root_ = mkdtemp(pattern.data());
        settings_.mail_root = root_;
        settings_.timeout = 20s;
        settings_.mailbox = {"mail.example.jp", 0, true, {}};
    }
    ~ChildrenTest() override { fs::remove_all(root_); }
    static ipc::Deliver message(std::uint32_t index, unsigned uid) {
        ipc::Deliver m{};
        m.queue_id = "4Zk1Qw1xyzzB";
        m.sender = "a@remote.example";
        m.arrival = 1795286010'000000;
        m.notes.header_size = 14;
        m.content = "Subject: x\r\n\r\nbody\r\n";
        m.notes.size = m.content.size();
        m.recipients.push_back({index, "taro@example.jp", "", "example.jp/taro/", uid, uid, 0});
        return m;
    }
    ipc::RecipientOutcome deliver(Children& children, std::uint32_t index, unsigned uid) {
        return loop_.run(children.deliver(message(index, uid)));
    }
    std::size_t delivered() const {
        fs::directory_iterator begin(root_ / "example.jp/taro/new"), end;
        return static_cast<std::size_t>(std::distance(begin, end));
    }
    Task<> deliver_and_count(Children& children, std::uint32_t index) {
        ipc::RecipientOutcome outcome = co_await children.deliver(message(index, 0));
        EXPECT_EQ(outcome.status, ipc::DeliveryStatus::sent) << outcome.text;
        EXPECT_EQ(outcome.index, index);
    }
    fs::path root_;
    ChildSettings settings_;
    event::Loop loop_;
};

TEST_F(ChildrenTest, OneProcessDeliversManyAtATime) {
    Children children(loop_, settings_);
    event::Gate gate(loop_);
    for (std::uint32_t i = 0; i < 200; ++i) gate.spawn(deliver_and_count(children, i));
    EXPECT_TRUE(loop_.run(gate.empty(60s)));
    EXPECT_EQ(delivered(), 200u);
    EXPECT_EQ(children.size(), 1u);
}

TEST_F(ChildrenTest, AProcessThatDiesIsReplaced) {
    Children children(loop_, settings_);
    EXPECT_EQ(deliver(children, 0, 0).status, ipc::DeliveryStatus::sent);
    settings_.mail_root = root_ / "missing";
    Children broken(loop_, settings_);
    ipc::RecipientOutcome outcome = deliver(broken, 1, 0);
    EXPECT_EQ(outcome.status, ipc::DeliveryStatus::deferred);
    EXPECT_EQ(outcome.dsn, "4.3.0");
    fs::create_directory(root_ / "missing");
    EXPECT_EQ(deliver(broken, 1, 0).status, ipc::DeliveryStatus::sent);
}

TEST_F(ChildrenTest, RefusesRootAndSystemUsers) {
    settings_.as_root = true;
    Children children(loop_, settings_);
    for (unsigned uid : {0u, 1u, 99u}) {
        ipc::RecipientOutcome outcome = deliver(children, 0, uid);
        EXPECT_EQ(outcome.status, ipc::DeliveryStatus::deferred);
        EXPECT_EQ(outcome.dsn, "4.3.5");
        EXPECT_THAT(outcome.text, HasSubstr("is not allowed"));
    }
    EXPECT_EQ(children.size(), 0u);
}

TEST_F(ChildrenTest, BecomesTheOwner) {
    if (geteuid() != 0) return;  // only root can become others
    settings_.as_root = true;
    ASSERT_EQ(chown(root_.c_str(), 4321, 4321), 0);
    Children children(loop_, settings_);
    EXPECT_EQ(deliver(children, 0, 4321).status, ipc::DeliveryStatus::sent);
    struct stat info{};
    stat((root_ / "example.jp/taro").c_str(), &info);
    EXPECT_EQ(info.st_uid, 4321u);
    // Another owner's process cannot write there.
    ipc::RecipientOutcome other = deliver(children, 1, 4322);
    EXPECT_EQ(other.status, ipc::DeliveryStatus::deferred);
    EXPECT_EQ(delivered(), 1u);
}

}  // namespace
}  // namespace ekiden::local_delivery
