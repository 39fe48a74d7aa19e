#include "local-delivery/mailbox_delivery.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "common/mail/header.h"

namespace ekiden::local_delivery {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class MailboxDeliveryTest : public ::testing::Test {
  protected:
    MailboxDeliveryTest() {
        std::string pattern = (fs::temp_directory_path() / "ekiden-virtual-XXXXXX").string();
        root_ = mkdtemp(pattern.data());
        root_fd_.reset(open(root_.c_str(), O_RDONLY | O_DIRECTORY));
    }
    ~MailboxDeliveryTest() override { fs::remove_all(root_); }
    static ipc::Deliver message(std::string header) {
        ipc::Deliver m{};
        m.queue_id = "4Zk1Qw1xyzzB";
        m.sender = "a@remote.example";
        m.arrival = 1795286010'000000;
        m.notes.delivered_to = mail::scan_header(header).delivered_to;
        m.content = header + "\r\nbody\r\n";
        m.notes.size = m.content.size();
        m.recipients.push_back({3, "taro@example.jp", "sales@example.jp", "example.jp/taro/", 1000, 1000, 0});
        return m;
    }
    ipc::RecipientOutcome deliver(const ipc::Deliver& m) const {
        return deliver_to_mailboxes({&m}, root_fd_.get(), {"mail.example.jp", 0, true, {}}).at(0).recipient;
    }
    std::vector<std::string> delivered() const {
        std::vector<std::string> out;
        for (const auto& entry : fs::directory_iterator(root_ / "example.jp/taro/new")) {
            std::ifstream in(entry.path(), std::ios::binary);
            out.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
        }
        return out;
    }
    fs::path root_;
    OwnedFd root_fd_;
};

TEST_F(MailboxDeliveryTest, AddsTheHeaderOfFinalDelivery) {
    ipc::RecipientOutcome outcome = deliver(message("Subject: x\r\n"));
    EXPECT_EQ(outcome.status, ipc::DeliveryStatus::sent) << outcome.text;
    EXPECT_EQ(outcome.index, 3u);
    EXPECT_EQ(outcome.dsn, "2.0.0");
    EXPECT_EQ(outcome.relay, "virtual");
    EXPECT_EQ(outcome.text, "delivered to maildir");
    EXPECT_EQ(delivered(),
              std::vector<std::string>{"Return-Path: <a@remote.example>\nX-Original-To: sales@example.jp\n"
                                       "Delivered-To: taro@example.jp\nSubject: x\n\nbody\n"});
}

TEST_F(MailboxDeliveryTest, TheNullSenderAndNoAlias) {
    ipc::Deliver m = message("Subject: x\r\n");
    m.sender.clear();
    m.recipients[0].original = m.recipients[0].address;
    deliver(m);
    EXPECT_THAT(delivered().at(0),
                ::testing::StartsWith("Return-Path: <>\nDelivered-To: taro@example.jp\nSubject"));
}

TEST_F(MailboxDeliveryTest, MailThatGoesInACircleBounces) {
    ipc::RecipientOutcome outcome = deliver(message("Delivered-To: TARO@example.jp\r\nSubject: x\r\n"));
    EXPECT_EQ(outcome.status, ipc::DeliveryStatus::bounced);
    EXPECT_EQ(outcome.dsn, "5.4.6");
    EXPECT_EQ(outcome.text, "mail forwarding loop for taro@example.jp");
}

TEST_F(MailboxDeliveryTest, ContentInAFile) {
    ipc::Deliver m = message("Delivered-To: hanako@example.jp\r\n");
    std::ofstream(root_ / "content", std::ios::binary) << m.content;
    m.content.clear();
    m.file.reset(open((root_ / "content").c_str(), O_RDONLY));
    EXPECT_EQ(deliver(m).status, ipc::DeliveryStatus::sent);
    EXPECT_THAT(delivered().at(0), HasSubstr("Delivered-To: hanako@example.jp\n\nbody\n"));
    m.notes.size += 5000;
    EXPECT_EQ(deliver(m).dsn, "4.3.0");
}

TEST_F(MailboxDeliveryTest, ASecondAttemptDeliversNothing) {
    ipc::Deliver m = message("Subject: x\r\n");
    deliver(m);
    EXPECT_EQ(deliver(m).status, ipc::DeliveryStatus::sent);
    EXPECT_EQ(delivered().size(), 1u);
}

TEST_F(MailboxDeliveryTest, ABatchKeepsItsOrderWhateverFails) {
    std::vector<ipc::Deliver> batch;
    for (std::string header : {"Subject: 0\r\n", "Delivered-To: taro@example.jp\r\n", "Subject: 2\r\n"})
        batch.push_back(message(std::move(header)));
    batch[1].queue_id = "4Zk1Qw1xyzzC";
    batch[2].queue_id = "4Zk1Qw1xyzzD";
    batch.push_back(message("Subject: 3\r\n"));
    batch[3].recipients[0].mailbox = "../outside/";
    std::vector<const ipc::Deliver*> pointers;
    for (const ipc::Deliver& m : batch) pointers.push_back(&m);
    std::vector<MailboxOutcome> outcomes =
        deliver_to_mailboxes(pointers, root_fd_.get(), {"mail.example.jp", 0, true, {}});
    std::vector<std::string> codes;
    for (const MailboxOutcome& outcome : outcomes) codes.push_back(outcome.recipient.dsn);
    EXPECT_EQ(codes, (std::vector<std::string>{"2.0.0", "5.4.6", "2.0.0", "5.3.5"}));
    EXPECT_EQ(delivered().size(), 2u);
}

TEST_F(MailboxDeliveryTest, APathWithoutASlashAtItsEndIsAnMbox) {
    ipc::Deliver m = message("Subject: x\r\n");
    m.recipients[0].mailbox = "example.jp/taro";
    ipc::RecipientOutcome outcome = deliver(m);
    EXPECT_EQ(outcome.status, ipc::DeliveryStatus::sent) << outcome.text;
    EXPECT_EQ(outcome.text, "delivered to mailbox");
    auto content = [&] {
        std::ifstream in(root_ / "example.jp/taro", std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(in), {});
    };
    EXPECT_THAT(content(), ::testing::StartsWith("From a@remote.example  S"));
    EXPECT_THAT(content(), ::testing::EndsWith(" 2026\nReturn-Path: <a@remote.example>\nX-Original-To: "
                                               "sales@example.jp\nDelivered-To: taro@example.jp\nSubject: "
                                               "x\n\nbody\n\n"));
    std::string first = content();
    EXPECT_EQ(deliver(m).status, ipc::DeliveryStatus::sent);
    EXPECT_EQ(content(), first);
    m.recipients[0].mailbox = "../outside";
    EXPECT_EQ(deliver(m).dsn, "5.3.5");
    m.recipients[0].mailbox = "example.jp/taro";
    m.recipients[0].quota = 100;
    m.first_attempt = true;
    EXPECT_EQ(deliver(m).dsn, "5.2.2");
    EXPECT_EQ(content(), first);
}

TEST_F(MailboxDeliveryTest, AnotherProgramsLockIsTold) {
    ipc::Deliver m = message("Subject: x\r\n");
    m.recipients[0].mailbox = "taro";
    std::ofstream(root_ / "taro.lock") << "1\n";
    MailboxOutcome outcome =
        deliver_to_mailboxes({&m}, root_fd_.get(), {"mail.example.jp", 0, true, {}}).at(0);
    EXPECT_TRUE(outcome.locked);
    EXPECT_EQ(outcome.recipient.dsn, "4.2.0");
}

}  // namespace
}  // namespace ekiden::local_delivery
