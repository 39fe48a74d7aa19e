#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sendmail/pickup/header.h"
#include "sendmail/pickup/wire_text.h"

namespace ekiden::pickup {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const Host host{"mail.example.jp", "Ekiden", "example.jp", false};
const Stamp stamp{1000, "4jXBBp3qmXzc", 1'795'286'010};

std::string mend(std::string_view header, const maildrop::Envelope& envelope, const Host& h = host) {
    return mend_header(header, true, envelope, h, stamp);
}
maildrop::Envelope from(std::string sender, std::string name = "") {
    maildrop::Envelope e;
    e.sender = std::move(sender);
    e.full_name = std::move(name);
    return e;
}

TEST(PickupHeader, GetsWhatIsMissing) {
    std::string mended = mend("Subject: x\r\n\r\n", from("alice", "Alice A."));
    EXPECT_THAT(mended,
                StartsWith("Received: by mail.example.jp (Ekiden, from userid 1000)\r\n\tid 4jXBBp3qmXzc; "));
    EXPECT_THAT(mended, HasSubstr("\r\nMessage-Id: <20261121183330.4jXBBp3qmXzc@mail.example.jp>\r\nDate: "));
    EXPECT_THAT(mended, HasSubstr("\r\nFrom: \"Alice A.\" <alice@example.jp>\r\n\r\n"));
    EXPECT_TRUE(mended.ends_with("\r\n\r\n"));
}

TEST(PickupHeader, KeepsWhatIsThere) {
    std::string_view fields = "message-id: <a@b>\r\nDATE: x\r\nFrom: A <a@b>\r\n\r\n";
    EXPECT_TRUE(mend(fields, from("alice")).ends_with(std::string("\r\n").append(fields)));
}

TEST(PickupHeader, FromForms) {
    Host obsolete = host;
    obsolete.obsolete_from = true;
    const std::tuple<maildrop::Envelope, Host, std::string> cases[] = {
        {from("alice"), host, "From: alice@example.jp\r\n"},
        {from("a@b.example", "A B"), host, "From: A B <a@b.example>\r\n"},
        {from("alice", "A \"q\""), host, "From: \"A \\\"q\\\"\" <alice@example.jp>\r\n"},
        {from("alice", "A (x)"), obsolete, "From: alice@example.jp (A \\(x\\))\r\n"},
        {from(""), host, "From: Mail Delivery System <MAILER-DAEMON@example.jp>\r\n"},
    };
    for (const auto& [envelope, h, wanted] : cases) EXPECT_THAT(mend("\r\n", envelope, h), HasSubstr(wanted));
}

TEST(PickupHeader, CompletesAddressesAndDropsBlindCopies) {
    std::string mended =
        mend("To: bob,\r\n\tc@d\r\nBcc: secret\r\nReturn-Path: <x>\r\nX-To: bob\r\n\r\n", from("alice"));
    EXPECT_THAT(mended, HasSubstr("\r\nTo: bob@example.jp,\r\n\tc@d\r\nX-To: bob\r\n"));
    EXPECT_THAT(mended, Not(HasSubstr("secret")));
    EXPECT_THAT(mended, Not(HasSubstr("Return-Path")));
}

TEST(PickupHeader, SentAgain) {
    std::string mended = mend("Resent-To: bob\r\nDate: x\r\n\r\n", from("alice"));
    EXPECT_THAT(mended, HasSubstr("\r\nResent-Date: "));
    EXPECT_THAT(mended, HasSubstr("\r\nResent-From: alice@example.jp\r\n"));
    EXPECT_THAT(mended, HasSubstr("\r\nResent-Message-Id: <"));
}

TEST(PickupHeader, AGatewayLeavesItAlone) {
    maildrop::Envelope envelope = from("alice");
    envelope.gateway = true;
    std::string mended = mend("To: bob\r\n\r\n", envelope);
    EXPECT_TRUE(mended.ends_with("+0000 (UTC)\r\nTo: bob\r\n\r\n") ||
                mended.ends_with("\r\nTo: bob\r\n\r\n"));
    EXPECT_THAT(mended, Not(HasSubstr("Date:")));
}

TEST(PickupHeader, ABodyWithoutAHeader) {
    EXPECT_TRUE(mend("", from("alice")).ends_with("\r\n\r\n"));
    // Of a header that is too long only the beginning is seen: nothing ends it.
    EXPECT_FALSE(mend_header("X: y\r\n", false, from("alice"), host, stamp).ends_with("\r\n\r\n"));
}

TEST(PickupHeader, EnvelopeAddresses) {
    const std::pair<std::string, std::string> cases[] = {
        {"", ""}, {"a", "a@example.jp"}, {"a@b", "a@b"}, {"\"a b\"", "\"a b\"@example.jp"}};
    for (const auto& [address, wanted] : cases) EXPECT_EQ(complete_address(address, host), wanted);
}

std::string wire(std::string_view text, std::size_t step) {
    WireText converter;
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += step) converter.put(text.substr(at, step), out);
    converter.finish(out);
    return out;
}

TEST(PickupWireText, HasOneLineEnd) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"", ""},
        {"a", "a\r\n"},
        {"a\nb\n", "a\r\nb\r\n"},
        {"a\r\nb", "a\r\nb\r\n"},
        {"a\rb\n", "a b\r\n"},
        {"a\r\r\n", "a \r\n"},
        {"\r", " \r\n"},
        {"\n\n", "\r\n\r\n"},
    };
    for (const auto& [text, wanted] : cases)
        for (std::size_t step : {1, 2, 100}) EXPECT_EQ(wire(text, step), wanted) << text;
}

TEST(PickupNotes, AreWhatLaterStagesAsk) {
    std::string text = "A: b\r\n\r\n.x\r\nlonger line \xc3\xa4\r\n";
    for (std::size_t step : {std::size_t{1}, std::size_t{5}, text.size()}) {
        NoteTaker taker;
        for (std::size_t at = 0; at < text.size(); at += step)
            taker.take(std::string_view(text).substr(at, step));
        const ipc::ContentNotes& notes = taker.notes();
        EXPECT_EQ(notes.size, text.size());
        EXPECT_EQ(notes.header_size, 8u);
        EXPECT_EQ(notes.line_ends, 4u);
        EXPECT_EQ(notes.longest_line, 14u);
        EXPECT_TRUE(notes.eight_bit);
        EXPECT_TRUE(notes.leading_dot);
    }
    NoteTaker header;
    header.take("A: b\r\n");
    EXPECT_EQ(header.notes().header_size, 6u);
    EXPECT_FALSE(header.notes().leading_dot);
}

}  // namespace
}  // namespace ekiden::pickup
