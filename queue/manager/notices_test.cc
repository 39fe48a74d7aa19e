#include "queue/manager/notices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/mail/date.h"

namespace ekiden::queue {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t noon = 1'795'000'000;
constexpr std::string_view original = "From: a@example.jp\r\nSubject: hello\r\n\r\nThe body.\r\n.dot\r\n";

NoticePolicy policy() {
    NoticePolicy p;
    p.hostname = "mail.example.jp";
    p.origin = "example.jp";
    return p;
}

StoredMessage message() {
    StoredMessage m;
    m.id = {noon * 1'000'000, 9};
    m.envelope.sender = "a@example.jp";
    m.envelope.header_size = 38;
    m.recipients.resize(2);
    m.recipients[0].address = "b@example.net";
    m.recipients[0].status = "5.1.1";
    m.recipients[0].reason = "host mx said: 550 no such user";
    m.recipients[1].number = 1;
    m.recipients[1].address = "c@example.net";
    m.recipients[1].status = "5.1.1";
    m.recipients[1].reason = "no";
    for (Recipient& r : m.recipients) r.state = RecipientState::failed;
    return m;
}

std::vector<const Recipient*> all(const StoredMessage& m) {
    std::vector<const Recipient*> result;
    for (const Recipient& r : m.recipients) result.push_back(&r);
    return result;
}

TEST(Notices, FailureGoesToTheSenderFromTheNullSender) {
    StoredMessage m = message();
    std::vector<Letter> letters = letters_of_failure(policy(), m, all(m));
    ASSERT_EQ(letters.size(), 1u);
    EXPECT_EQ(letters[0].sender, "");
    EXPECT_EQ(letters[0].recipient, "a@example.jp");
    NewMessage notice = print_letter(policy(), letters[0], m, original, true, {noon * 1'000'000, 10},
                                     noon * 1'000'000 + 250'000, 0);
    EXPECT_EQ(notice.kind, Kind::notice);
    EXPECT_EQ(notice.envelope.sender, "");
    EXPECT_EQ(notice.envelope.arrived_us, noon * 1'000'000 + 250'000);
    EXPECT_EQ(notice.envelope.message_id, "<" + print(notice.id) + "@mail.example.jp>");
    ASSERT_EQ(notice.recipients.size(), 1u);
    EXPECT_EQ(notice.recipients[0].address, "a@example.jp");
    EXPECT_EQ(notice.envelope.size, static_cast<std::int64_t>(notice.content->size()));
    EXPECT_THAT(*notice.content,
                HasSubstr("Received: by mail.example.jp (Ekiden)\r\n\tid " + print(notice.id)));
    EXPECT_THAT(*notice.content, HasSubstr("b@example.net"));
    EXPECT_THAT(*notice.content, HasSubstr("Status: 5.1.1"));
    EXPECT_THAT(*notice.content, HasSubstr("The body."));
}

TEST(Notices, TextsComeFromTheTemplates) {
    StoredMessage m = message();
    auto print = [&](const NoticePolicy& p, const Letter& letter) {
        return *print_letter(p, letter, m, original, true, {noon * 1'000'000, 10}, noon * 1'000'000,
                             noon + 60)
                    .content;
    };
    NoticePolicy p = policy();
    p.notify_bounce = p.notify_delay = true;
    std::string built_in = print(p, letters_of_delay(p, m, all(m))[0]);
    EXPECT_THAT(built_in, HasSubstr("Subject: Delayed Mail (still being retried)\r\n"));
    EXPECT_THAT(built_in, HasSubstr("write to postmaster@example.jp and"));
    EXPECT_THAT(built_in, HasSubstr("tried until\r\n" + mail::print_local_date(noon + 60) + ".\r\n"));

    std::vector<Problem> problems;
    std::vector<config::Finding> findings;
    Settings settings = Settings::lenient({{"own", "$mail_name"}}, {}, problems);
    p.texts = config::bounce_texts(settings,
                                   "failure_template = <<EOF\nFrom: us <mail@example.jp>\nSubject: Lost\n"
                                   "Postmaster-Subject: Lost here\n\n$own at $myhostname.\nEOF\n",
                                   findings);
    ASSERT_TRUE(findings.empty());
    std::vector<Letter> letters = letters_of_failure(p, m, all(m));
    EXPECT_THAT(print(p, letters[0]), HasSubstr("From: us <mail@example.jp>\r\nSubject: Lost\r\n"));
    EXPECT_THAT(print(p, letters[0]), HasSubstr("\r\n\r\nEkiden at mail.example.jp.\r\n\r\n<b@example.net>"));
    EXPECT_THAT(print(p, letters[1]), HasSubstr("Subject: Lost here\r\n"));
}

TEST(Notices, TheNullSenderIsNeverAnswered) {
    StoredMessage m = message();
    m.envelope.sender.clear();
    EXPECT_TRUE(letters_of_failure(policy(), m, all(m)).empty());
    EXPECT_TRUE(letters_of_delay(policy(), m, all(m)).empty());
    NoticePolicy p = policy();
    p.notify_double_bounce = true;
    std::vector<Letter> letters = letters_of_failure(p, m, all(m));
    ASSERT_EQ(letters.size(), 1u);
    EXPECT_EQ(letters[0].recipient, "postmaster@example.jp");
    EXPECT_EQ(letters[0].sender, "double-bounce@example.jp");
    m.envelope.sender = letters[0].sender;  // and when that fails too:
    EXPECT_TRUE(letters_of_failure(p, m, all(m)).empty());
}

TEST(Notices, PostmasterGetsCopiesWhereConfigured) {
    NoticePolicy p = policy();
    p.notify_bounce = p.notify_delay = true;
    p.bounce_recipient = "errors@example.org";
    StoredMessage m = message();
    std::vector<Letter> letters = letters_of_failure(p, m, all(m));
    ASSERT_EQ(letters.size(), 2u);
    EXPECT_TRUE(letters[1].to_postmaster);
    EXPECT_EQ(letters[1].recipient, "errors@example.org");
    EXPECT_EQ(letters_of_delay(p, m, all(m)).size(), 2u);
}

TEST(Notices, HeedsNotify) {
    StoredMessage m = message();
    m.recipients[0].notify = notify::never;
    m.recipients[1].notify = notify::success | notify::delay;
    EXPECT_TRUE(letters_of_failure(policy(), m, all(m)).empty());
    std::vector<Letter> letters = letters_of_delay(policy(), m, all(m));
    ASSERT_EQ(letters.size(), 1u);
    ASSERT_EQ(letters[0].about.size(), 1u);
    EXPECT_EQ(letters[0].about[0]->address, "c@example.net");
}

TEST(Notices, TheDiagnosticIsTheRemoteHostsOwn) {
    StoredMessage m = message();
    m.recipients[0].remote = "mx.example.net";
    m.recipients[0].reply = "550 no such user";
    m.recipients[0].orcpt = "rfc822;alias@example.net";  // RFC 3461 4.2: with its type
    std::vector<Letter> letters = letters_of_failure(policy(), m, all(m));
    NewMessage notice =
        print_letter(policy(), letters[0], m, original, true, {noon * 1'000'000, 10}, noon * 1'000'000, 0);
    EXPECT_THAT(*notice.content, HasSubstr("Diagnostic-Code: smtp; 550 no such user\r\n"));
    EXPECT_THAT(*notice.content, HasSubstr("Original-Recipient: rfc822; alias@example.net\r\n"));
    EXPECT_THAT(*notice.content,
                HasSubstr("<b@example.net> (expanded from <alias@example.net>): host mx said"));
}

TEST(Notices, HeadersOnlyWhenAskedFor) {
    StoredMessage m = message();
    m.envelope.dsn_return = DsnReturn::headers;
    std::vector<Letter> letters = letters_of_failure(policy(), m, all(m));
    NewMessage notice = print_letter(policy(), letters[0], m, original, true, {noon * 1'000'000, 10},
                                     noon * 1'000'000 + 250'000, 0);
    EXPECT_THAT(*notice.content, HasSubstr("Subject: hello"));
    EXPECT_THAT(*notice.content, Not(HasSubstr("The body.")));
}

TEST(Notices, DescribesContent) {
    Envelope e;
    describe(original, e);
    EXPECT_EQ(e.size, static_cast<std::int64_t>(original.size()));
    EXPECT_EQ(e.header_size, 38);
    EXPECT_EQ(e.line_ends, 5);
    EXPECT_EQ(e.longest_line, 18);
    EXPECT_TRUE(e.leading_dot);
    EXPECT_FALSE(e.eight_bit);
    Envelope odd;
    describe("no end \xe6", odd);
    EXPECT_EQ(odd.header_size, 8);
    EXPECT_TRUE(odd.eight_bit);
}

}  // namespace
}  // namespace ekiden::queue
