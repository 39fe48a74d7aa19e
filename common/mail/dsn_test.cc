#include "common/mail/dsn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/mail/header.h"

namespace ekiden::mail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view original = "From: a@example.jp\r\nSubject: x\r\n\r\nsecret body\r\n";

Dsn sample() {
    Dsn dsn;
    dsn.hostname = "mail.example.jp";
    dsn.from = "MAILER-DAEMON (Mail Delivery System)";
    dsn.subject = "Undelivered Mail Returned to Sender";
    dsn.text = "Alas.\n\nAll lost.\n";
    dsn.sender = "a@example.jp";
    dsn.queue_id = "4Zk1Qw1xyz";
    dsn.notice_id = "4Zk1Qw1xyA";
    dsn.arrival = 1795286000;
    dsn.now = 1795286010;
    dsn.original = original;
    dsn.recipients.push_back(
        {"b@remote.example", "alias@example.jp", "5.1.1", "mx.remote.example", "550 5.1.1 no such user",
         "host mx.remote.example[192.0.2.1] said: 550 5.1.1 no such user (in reply to RCPT TO command)",
         1795286009});
    return dsn;
}

TEST(Dsn, Failure) {
    std::string notice = print_dsn(sample());
    EXPECT_EQ(first_value(notice, "Subject"), "Undelivered Mail Returned to Sender");
    EXPECT_EQ(first_value(notice, "From"), "MAILER-DAEMON@mail.example.jp (Mail Delivery System)");
    EXPECT_EQ(first_value(notice, "Auto-Submitted"), "auto-replied");
    EXPECT_THAT(notice,
                HasSubstr("text/plain; charset=us-ascii\r\n\r\nAlas.\r\n\r\nAll lost.\r\n\r\n<b@remote"));
    EXPECT_EQ(
        first_value(notice, "Content-Type"),
        "multipart/report; report-type=delivery-status;\tboundary=\"4Zk1Qw1xyA.1795286010/mail.example.jp\"");
    for (std::string_view wanted :
         {"Reporting-MTA: dns; mail.example.jp\r\n", "X-Ekiden-Queue-ID: 4Zk1Qw1xyz\r\n",
          "X-Ekiden-Sender: rfc822; a@example.jp\r\n",
          "\r\n\r\nFinal-Recipient: rfc822; b@remote.example\r\nOriginal-Recipient: rfc822; "
          "alias@example.jp\r\n"
          "Action: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mx.remote.example\r\n"
          "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n",
          "Content-Type: message/rfc822\r\n\r\nFrom: a@example.jp\r\nSubject: x\r\n\r\nsecret body\r\n\r\n--",
          "<b@remote.example> (expanded from <alias@example.jp>): host"})
        EXPECT_THAT(notice, HasSubstr(wanted));
    EXPECT_TRUE(notice.ends_with("--4Zk1Qw1xyA.1795286010/mail.example.jp--\r\n"));
    EXPECT_THAT(notice, Not(HasSubstr("8bit")));
}

TEST(Dsn, WhoWritesAndInWhichCharset) {
    for (auto [from, shown] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
             {"Mail <MAILER-DAEMON>", "Mail <MAILER-DAEMON@mail.example.jp>"},
             {"Mail <a@b.test>", "Mail <a@b.test>"},
             {"a@b.test", "a@b.test"},
             {"postmaster", "postmaster@mail.example.jp"}}) {
        Dsn dsn = sample();
        dsn.from = from;
        EXPECT_EQ(first_value(print_dsn(dsn), "From"), shown);
    }
    Dsn dsn = sample();
    dsn.charset = "iso-2022-jp";
    EXPECT_THAT(print_dsn(dsn), HasSubstr("text/plain; charset=iso-2022-jp\r\n"));
}

TEST(Dsn, DelayReturnsTheHeaderOnly) {
    Dsn dsn = sample();
    dsn.kind = DsnKind::delay;
    dsn.will_retry_until = 1795718010;
    std::string notice = print_dsn(dsn);
    EXPECT_THAT(notice, HasSubstr("Action: delayed\r\n"));
    EXPECT_THAT(notice, HasSubstr("Will-Retry-Until: "));
    EXPECT_THAT(
        notice,
        HasSubstr("Content-Type: text/rfc822-headers\r\n\r\nFrom: a@example.jp\r\nSubject: x\r\n\r\n--"));
    EXPECT_THAT(notice, Not(HasSubstr("secret body")));
}

TEST(Dsn, AReportSaysOfEachWhatBecameOfIt) {
    Dsn dsn = sample();
    dsn.kind = DsnKind::report;
    dsn.recipients[0].action = "deliverable";
    dsn.recipients[0].via = "mx.remote.example[192.0.2.1]:25";
    dsn.recipients.push_back({"c@example.jp", "", "2.0.0", "", "done", "done", 0, "delivered", "local"});
    std::string notice = print_dsn(dsn);
    for (std::string_view wanted :
         {"Action: deliverable\r\nStatus: 5.1.1\r\n", "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n",
          "Action: delivered\r\nStatus: 2.0.0\r\nDiagnostic-Code: X-Ekiden; delivery via local: done\r\n",
          "<c@example.jp>: delivery via local: done\r\n",
          "Content-Description: Message Headers\r\nContent-Type: text/rfc822-headers\r\n"})
        EXPECT_THAT(notice, HasSubstr(wanted));
    EXPECT_THAT(notice, Not(HasSubstr("secret body")));
}

TEST(Dsn, ALargeOriginalComesBackAsItsHeader) {
    Dsn dsn = sample();
    dsn.size_limit = original.size() - 1;
    EXPECT_THAT(print_dsn(dsn), Not(HasSubstr("secret body")));
}

TEST(Dsn, HostileTextStaysInItsField) {
    Dsn dsn = sample();
    dsn.recipients[0].diagnostic = "550 a\r\nAction: delivered\r\n\r\n--x";
    dsn.recipients[0].reason = dsn.recipients[0].diagnostic;
    dsn.sender = "a@b\r\nBcc: c@d";
    std::string notice = print_dsn(dsn);
    EXPECT_THAT(notice, Not(HasSubstr("\nAction: delivered")));
    EXPECT_FALSE(first_value(notice, "Bcc"));
    std::string imitating = "A: b\r\n\r\n--4Zk1Qw1xyA.1795286010/mail.example.jp--\r\n";
    dsn.original = imitating;
    EXPECT_THAT(print_dsn(dsn), HasSubstr("boundary=\"4Zk1Qw1xyA.1795286010/mail.example.jp=\""));
}

TEST(Dsn, AddressesBeyondAscii) {  // RFC 6533
    Dsn dsn = sample();
    dsn.recipients[0].recipient = "駅伝@example.jp";
    std::string notice = print_dsn(dsn);
    EXPECT_THAT(notice, HasSubstr("message/global-delivery-status\r\nContent-Transfer-Encoding: 8bit"));
    EXPECT_THAT(notice, HasSubstr("Final-Recipient: utf-8; 駅伝@example.jp\r\n"));
}

}  // namespace
}  // namespace ekiden::mail
