#include "common/pop3/command.h"

#include <array>

#include "common/text/cursor.h"

// How: the keyword selects one function from a table; each reads its own arguments, separated by one space
// (some clients send more, or one at the end: they are skipped, but never in PASS).
namespace ekiden::pop3 {
namespace {

using text::Cursor;

constexpr std::uint64_t largest_number = 0xffffffff;

void skip_spaces(Cursor& in) {
    in.take_while([](char c) { return c == ' '; });
}

bool at_end(Cursor& in) {
    skip_spaces(in);
    return in.done();
}

std::string_view take_word(Cursor& in) {
    skip_spaces(in);
    return in.take_while([](char c) { return c != ' '; });
}

// One message number from 1.
Result<std::uint32_t> take_number(Cursor& in, std::uint64_t least) {
    std::optional<std::uint64_t> number = text::parse_number(take_word(in));
    if (!number || *number < least || *number > largest_number) return malformed("A number is wanted here");
    return static_cast<std::uint32_t>(*number);
}

template <class C>
Result<Command> bare(Cursor& in) {
    if (!at_end(in)) return malformed("This command has no argument");
    return C{};
}

template <class C>
Result<Command> with_number(Cursor& in) {
    Result<std::uint32_t> message = take_number(in, 1);
    if (!message) return pass(message);
    if (!at_end(in)) return malformed("Too many arguments");
    return C{*message};
}

template <class C>
Result<Command> with_optional_number(Cursor& in) {
    if (at_end(in)) return C{};
    return with_number<C>(in);
}

// TOP SP msg SP n
Result<Command> top(Cursor& in) {
    Result<std::uint32_t> message = take_number(in, 1);
    if (!message) return pass(message);
    Result<std::uint32_t> lines = take_number(in, 0);
    if (!lines) return pass(lines);
    if (!at_end(in)) return malformed("Too many arguments");
    return Top{*message, *lines};
}

// USER SP name: the rest of the line, for names with spaces exist.
Result<Command> user(Cursor& in) {
    skip_spaces(in);
    std::string_view name = text::trim(in.rest());
    if (name.empty()) return malformed("A name is wanted here");
    return User{std::string(name)};
}

Result<Command> password(Cursor& in) {
    if (!in.take_if(' ') || in.done()) return malformed("A password is wanted here");
    return Pass{Secret(std::string(in.rest()))};
}

// APOP SP name SP digest
Result<Command> apop(Cursor& in) {
    std::string_view rest = text::trim(in.rest());
    std::size_t space = rest.rfind(' ');
    if (space == std::string_view::npos) return malformed("A name and a digest are wanted here");
    std::string_view name = text::trim(rest.substr(0, space));
    std::string digest = text::to_lower(rest.substr(space + 1));
    bool is_md5 = digest.size() == 32 && digest.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (name.empty() || !is_md5) return malformed("A name and a digest are wanted here");
    return Apop{std::string(name), std::move(digest)};
}

// AUTH [SP mechanism [SP initial-response]]; the mechanism's name has at most 20 octets (RFC 4422 §3.1).
Result<Command> auth(Cursor& in) {
    if (at_end(in)) return Auth{};
    Auth command{text::to_upper(take_word(in)), std::nullopt};
    if (command.mechanism.size() > 20 ||
        command.mechanism.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != std::string::npos)
        return malformed("Not the name of a mechanism");
    if (!at_end(in)) command.initial = Secret(std::string(take_word(in)));
    if (!at_end(in)) return malformed("Too many arguments");
    return Command(std::move(command));
}

struct Row {
    std::string_view keyword;
    Result<Command> (*read)(Cursor&);
};
// In the order of the alternatives of Command, so that keyword() is a look-up.
constexpr std::array<Row, std::variant_size_v<Command>> rows{{{"USER", user},
                                                              {"PASS", password},
                                                              {"APOP", apop},
                                                              {"AUTH", auth},
                                                              {"STAT", bare<Stat>},
                                                              {"LIST", with_optional_number<List>},
                                                              {"RETR", with_number<Retr>},
                                                              {"DELE", with_number<Dele>},
                                                              {"NOOP", bare<Noop>},
                                                              {"RSET", bare<Rset>},
                                                              {"TOP", top},
                                                              {"UIDL", with_optional_number<Uidl>},
                                                              {"QUIT", bare<Quit>},
                                                              {"CAPA", bare<Capa>},
                                                              {"STLS", bare<Stls>}}};

}  // namespace

Result<Command> parse(std::string_view line) {
    Cursor in(line);
    std::string_view word = in.take_while(text::is_alpha);
    if (!in.done() && in.peek() != ' ') return malformed("Unknown command");
    for (const Row& row : rows)
        if (text::equal_ignoring_case(word, row.keyword)) return row.read(in);
    return malformed("Unknown command");
}

std::string_view keyword(const Command& command) { return rows[command.index()].keyword; }

}  // namespace ekiden::pop3
