#include "common/smtp/command.h"

#include <gtest/gtest.h>

#include <limits>

namespace ekiden::smtp {
namespace {

int code_of(std::string_view line) {
    auto command = parse(line);
    return command ? 0 : command.error().code;
}

TEST(Command, VerbsInAnyCase) {
    EXPECT_TRUE(std::holds_alternative<Ehlo>(*parse("eHlO client.example")));
    EXPECT_TRUE(std::holds_alternative<Helo>(*parse("HELO [127.0.0.1]")));
    EXPECT_TRUE(std::holds_alternative<Noop>(*parse("NOOP anything at all")));
    EXPECT_TRUE(std::holds_alternative<Quit>(*parse("QUIT ")));
    EXPECT_TRUE(std::holds_alternative<Help>(*parse("HELP me")));
    EXPECT_EQ(std::get<Unknown>(*parse("BDAT 5 LAST")).verb, "BDAT");
    EXPECT_EQ(verb_of("STARTTLS"), Verb::starttls);
    EXPECT_EQ(verb_of("MAILX"), Verb::unknown);
    EXPECT_EQ(name_of(verb_of("rcpt to:<x>")), "rcpt");
}

TEST(Command, WrongSyntaxHasItsReply) {
    for (auto [line, code] : std::initializer_list<std::pair<std::string_view, int>>{
             {"", 500},
             {"   ", 500},
             {"EHLO", 501},
             {"HELO", 501},
             {"EHLO a b", 501},
             {"MAIL", 501},
             {"MAIL FROM", 501},
             {"MAIL FROM:", 501},
             {"MAIL TO:<a@b.org>", 501},
             {"MAIL FROM:<a@example.org", 501},
             {"MAIL FROM:<a@example.org> NOSUCH=1", 555},
             {"MAIL FROM:<a@example.org> SIZE=abc", 501},
             {"MAIL FROM:<a@example.org> SIZE", 501},
             {"MAIL FROM:<a@example.org> BODY=9BIT", 555},
             {"MAIL FROM:<a@example.org> SIZE=1 SIZE=2", 501},
             {"MAIL FROM:<a@example.org>SIZE=1", 501},
             {"MAIL FROM:<a@example.org> RET=SOME", 501},
             {"MAIL FROM:<a@example.org> ENVID=a+b", 501},
             {"MAIL FROM:<a@example.org> AUTH=+zz", 501},
             {"MAIL FROM:<a@example.org> SMTPUTF8", 555},
             {"MAIL FROM:<\xc3\xbc@example.org>", 501},
             {"RCPT TO:<>", 501},
             {"RCPT TO:<a@b.org> NOSUCH", 555},
             {"RCPT TO:<a@b.org> NOTIFY=NEVER,FAILURE", 501},
             {"RCPT TO:<a@b.org> NOTIFY=", 501},
             {"RCPT TO:<a@b.org> NOTIFY=FAILURE,", 501},
             {"RCPT TO:<a@b.org> ORCPT=rfc822", 501},
             {"RCPT TO:<a@b.org> ORCPT=;x", 501},
             {"RCPT TO:<a@b.org> ORCPT=rfc822;a+0Ab", 501},
             {"RCPT TO:<a@b.org> ORCPT=rfc822;a+7Fb", 501},
             {"DATA now", 501},
             {"RSET now", 501},
             {"QUIT now", 501},
             {"VRFY", 501},
             {"AUTH", 501},
             {"AUTH PLAIN a b", 501},
             {"STARTTLS now", 501}})
        EXPECT_EQ(code_of(line), code) << line;
    EXPECT_EQ(code_of(std::string_view("MAIL FROM:<a\0b@example.org>", 27)), 500);
    EXPECT_EQ(code_of("NOOP a\rRSET"), 500);
}

TEST(Command, MailAndItsParameters) {
    Mail mail = std::get<Mail>(
        *parse("MAIL FROM:<a@example.org> SIZE=1000 body=8bitmime RET=HDRS ENVID=abc+2B AUTH=<> "));
    EXPECT_EQ(mail.path.print(), "a@example.org");
    EXPECT_EQ(mail.size, 1000u);
    EXPECT_EQ(mail.body, Body::eight_bit);
    EXPECT_EQ(mail.ret, DsnReturn::headers);
    EXPECT_EQ(mail.envid, "abc+2B");
    EXPECT_EQ(mail.auth, "<>");
    EXPECT_TRUE(std::get<Mail>(*parse("MAIL FROM: <>")).path.null());
    EXPECT_EQ(std::get<Mail>(*parse("MAIL FROM:a@example.org SIZE=1")).size, 1u);
    EXPECT_EQ(std::get<Mail>(*parse("MAIL FROM:<> SIZE=99999999999999999999999999")).size,
              std::numeric_limits<std::uint64_t>::max());
    EXPECT_FALSE(parse("MAIL FROM:a@example.org", {.strict_envelopes = true}));
    EXPECT_TRUE(
        std::get<Mail>(*parse("MAIL FROM:<\xc3\xbc@example.org> SMTPUTF8", {.smtputf8 = true})).smtputf8);
    EXPECT_EQ(parse("MAIL FROM:<> RET=FULL", {.dsn = false}).error().code, 555);
}

TEST(Command, RcptAndItsParameters) {
    Rcpt rcpt =
        std::get<Rcpt>(*parse("rcpt to:<b@example.jp> NOTIFY=SUCCESS,delay ORCPT=rfc822;b+2Bx@example.jp"));
    EXPECT_EQ(rcpt.path.print(), "b@example.jp");
    EXPECT_EQ(rcpt.notify, notify::success | notify::delay);
    EXPECT_EQ(rcpt.orcpt, "rfc822;b+2Bx@example.jp");
    EXPECT_EQ(std::get<Rcpt>(*parse("RCPT TO:<b@example.jp> NOTIFY=NEVER")).notify, notify::never);
    EXPECT_EQ(std::get<Rcpt>(*parse("RCPT TO:<Postmaster>")).path.local, "Postmaster");
}

TEST(Command, Auth) {
    EXPECT_EQ(std::get<Auth>(*parse("AUTH plain")).mechanism, "PLAIN");
    EXPECT_FALSE(std::get<Auth>(*parse("AUTH PLAIN")).initial);
    EXPECT_EQ(std::get<Auth>(*parse("AUTH SCRAM-SHA-1 =")).initial, "=");
}

}  // namespace
}  // namespace ekiden::smtp
