#include <gtest/gtest.h>

#include <cerrno>

#include "sendmail/complain.h"
#include "sendmail/header_recipients.h"
#include "sendmail/input.h"
#include "sendmail/options.h"

namespace ekiden::sendmail {
namespace {

using Words = std::vector<std::string>;

Options options_of(const Words& words, const std::string& name = "sendmail") {
    Options options = parse(name, words);
    check(options);
    return options;
}
std::string refusal(const Words& words, const std::string& name = "sendmail") {
    try {
        options_of(words, name);
    } catch (const Fatal& fatal) {
        return fatal.text;
    }
    return "";
}

TEST(SendmailOptions, OfAMessage) {
    Options o =
        options_of({"-ti", "-fa@b", "-F", "A B", "-oi", "-em", "-B8BITMIME", "-Rhdrs", "-Nsuccess,delay",
                    "-Vident", "-G", "-XV-=", "-n", "-m", "-O", "x=y", "--", "-c", "d"});
    EXPECT_TRUE(o.recipients_from_header);
    EXPECT_FALSE(o.dot_ends);
    EXPECT_EQ(o.sender, "a@b");
    EXPECT_EQ(o.full_name, "A B");
    EXPECT_EQ(o.body, "8BITMIME");
    EXPECT_EQ(o.return_content, 1);
    EXPECT_EQ(o.notify, 10);
    EXPECT_EQ(o.envelope_id, "ident");
    EXPECT_TRUE(o.gateway);
    EXPECT_EQ(o.verp, "-=");
    EXPECT_EQ(o.words, (Words{"-c", "d"}));
    EXPECT_EQ(options_of({"a", "-t"}).words, (Words{"a", "-t"}));
    EXPECT_EQ(options_of({"-XV", "a"}).verp, "");
    EXPECT_EQ(options_of({"-V", "ab", "a"}).words, (Words{"ab", "a"}));
    EXPECT_EQ(options_of({"-Vab", "a"}).verp, "ab");
    EXPECT_EQ(options_of({"-v", "a"}).verbose, 1);
}

TEST(SendmailOptions, Modes) {
    EXPECT_EQ(options_of({}, "mailq").mode, Mode::mailq);
    EXPECT_EQ(options_of({}, "newaliases").mode, Mode::newaliases);
    EXPECT_EQ(options_of({"-bp"}, "newaliases").mode, Mode::mailq);
    EXPECT_EQ(options_of({"-q"}).mode, Mode::flush);
    EXPECT_EQ(options_of({"-bd", "-q15m"}).mode, Mode::daemon);
    EXPECT_EQ(options_of({"-I"}).mode, Mode::newaliases);
    EXPECT_EQ(options_of({"-bH"}).mode, Mode::ignore);
    EXPECT_TRUE(options_of({"-q15m"}).queue_interval);
    EXPECT_EQ(options_of({"-qRexample.net"}).site_to_flush, "example.net");
}

TEST(SendmailOptions, Refusals) {
    const std::pair<Words, std::string> cases[] = {
        {{"-z"}, "usage: sendmail [options]"},
        {{"-f"}, "usage: sendmail [options]"},
        {{"-B", "9BIT"}, "-B option needs 8BITMIME or 7BIT"},
        {{"-bx"}, "unsupported: -bx"},
        {{"-Xlog"}, "unsupported: -Xl"},
        {{"-oA"}, "-oA requires pathname"},
        {{"-qR"}, "specify: -qRsitename"},
        {{"-qI"}, "specify: -qIqueueid"},
        {{"-qSx"}, "-qS is not implemented"},
        {{"-bp", "a"}, "display queue mode requires no recipient"},
        {{"-q", "a"}, "flush queue mode requires no recipient"},
        {{"-bi", "a"}, "alias initialization mode requires no recipient"},
        {{"-bs", "a"}, "stand-alone mode requires no recipient"},
        {{"-bd", "a"}, "daemon mode requires no recipient"},
        {{"-qRa", "b"}, "flush site requires no recipient"},
        {{"-qIa", "b"}, "flush queue_id requires no recipient"},
        {{"-bp", "-t"}, "-t can be used only in delivery mode"},
        {{"-bv", "-t"}, "-t option cannot be used with -bv"},
        {{"-bv", "-Nnever"}, "-N option cannot be used with -bv"},
        {{"-bv", "-Rhdrs"}, "-R option cannot be used with -bv"},
        {{"-bv", "-v"}, "-v option cannot be used with -bv"},
    };
    for (const auto& [words, text] : cases) EXPECT_EQ(refusal(words), text);
}

TEST(SendmailOptions, Configuration) {
    EXPECT_EQ(config_directory_in({"-t", "-C", "/x"}), "/x");
    EXPECT_EQ(config_directory_in({"-C/x/main.cf", "a"}), "/x");
    EXPECT_EQ(config_directory_in({"-q", "-C", "main.cf"}), ".");
    EXPECT_EQ(config_directory_in({"a", "-C", "/x"}), std::nullopt);
}

// What is left of `text` when it comes in pieces of `step` octets.
std::string through(std::string text, LineEndings endings, bool dot_ends, std::size_t step) {
    Input input(
        [&text, step](char* buffer, std::size_t size) -> long {
            std::size_t count = std::min({step, size, text.size()});
            text.copy(buffer, count);
            text.erase(0, count);
            return static_cast<long>(count);
        },
        endings, dot_ends);
    std::string out;
    while (std::optional<std::string> line = input.next()) out += *line;
    EXPECT_FALSE(input.next());
    EXPECT_FALSE(input.error());
    return out;
}

TEST(SendmailInput, Lines) {
    using enum LineEndings;
    const std::string longest(200'000, 'x');
    const std::tuple<std::string, LineEndings, bool, std::string> cases[] = {
        {"a\nb\n", always, true, "a\nb\n"},
        {"a\n.\nb\n", always, true, "a\n"},
        {"a\n.\nb\n", always, false, "a\n.\nb\n"},
        {"a\n.", always, true, "a\n"},
        {"a\n..\n", always, true, "a\n..\n"},
        {"a\r\n.\r\nb", always, true, "a\n"},
        {"From x\n>From y\na\nFrom z\n", always, true, "a\nFrom z\n"},
        {"a\r\nb\r\r\n", always, true, "a\nb\n"},
        {"a\r\nb\r\n", never, true, "a\r\nb\r\n"},
        {"a\r\nb\nc\r\n", strict, true, "a\nb\nc\n"},
        {"a\nb\r\n", strict, true, "a\nb\r\n"},
        {longest + "\n.\n", always, true, longest + "\n"},
        {"a\rb", always, true, "a\rb"},
        {"", always, true, ""},
    };
    for (const auto& [text, endings, dot_ends, wanted] : cases)
        for (std::size_t step : {1, 3, 100'000}) EXPECT_EQ(through(text, endings, dot_ends, step), wanted);
}

TEST(SendmailInput, SaysWhyItFailed) {
    Input input(
        [](char*, std::size_t) -> long {
            errno = EIO;
            return -1;
        },
        LineEndings::always, true);
    EXPECT_FALSE(input.next());
    ASSERT_TRUE(input.error());
    EXPECT_EQ(input.error()->text, "error reading input: Input/output error");
}

TEST(SendmailRecipients, OfTheHeader) {
    EXPECT_EQ(recipients_in("To: a, B <b@c>\nCc: d\n e\nX: f\nBcc: g\n\nTo: h\n", 100),
              (Words{"a", "b@c", "d", "e", "g"}));
    EXPECT_EQ(recipients_in("To: a\nResent-To: b\nCc: c\n", 100), (Words{"b"}));
    EXPECT_EQ(recipients_in("Subject: x\n\n", 100), Words{});
    EXPECT_TRUE(is_header_line("To : x\n", true));
    EXPECT_TRUE(is_header_line("\tmore\n", false));
    EXPECT_FALSE(is_header_line("\tmore\n", true));
    EXPECT_FALSE(is_header_line("no field\n", false));
    EXPECT_FALSE(is_header_line("\n", false));
}

}  // namespace
}  // namespace ekiden::sendmail
