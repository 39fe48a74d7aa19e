// A table from verb to parser; each parser takes what stands behind the verb. Reply texts are Postfix's,
// because other programs match them.
#include "common/smtp/command.h"

#include <limits>

#include "common/text/cursor.h"

namespace ekiden::smtp {
namespace {

using text::Cursor;
using Parsed = std::expected<Command, Reply>;

std::unexpected<Reply> refuse(int code, std::string text) {
    return std::unexpected(Reply(code, std::move(text)));
}

constexpr std::string_view verb_names[verb_count] = {"helo", "ehlo",     "mail", "rcpt",   "data",
                                                     "rset", "noop",     "vrfy", "expn",   "help",
                                                     "quit", "starttls", "auth", "unknown"};

// One esmtp-param = esmtp-keyword ["=" esmtp-value] (RFC 5321 §4.1.2), keyword in upper case.
struct Parameter {
    std::string keyword;
    std::string_view value;
    bool has_value = false;
};

// Nothing when there are no more; a refused syntax leaves text in the cursor.
std::optional<Parameter> take_parameter(Cursor& input) {
    Parameter parameter;
    std::string_view keyword = input.take_while([](char c) { return text::is_alnum(c) || c == '-'; });
    if (keyword.empty() || keyword.front() == '-') return {};
    parameter.keyword = text::to_upper(keyword);
    if (input.take_if('=')) {
        parameter.has_value = true;
        // esmtp-value excludes "=", but AUTH=<> and real clients' values are told apart by the blank alone.
        parameter.value = input.take_while([](char c) { return !text::is_blank(c); });
    }
    if (!input.done() && !text::is_blank(input.peek())) return {};
    input.skip_blanks();
    return parameter;
}

// Reads all parameters, refuses repeated ones, and hands each to `take`, which says what is wrong with it.
template <class Take>
std::expected<void, Reply> take_parameters(Cursor& input, Take&& take) {
    std::string seen = " ";
    while (!input.done()) {
        std::string_view rest = input.rest();
        std::optional<Parameter> parameter = take_parameter(input);
        if (!parameter) return refuse(555, "5.5.4 Unsupported option: " + text::printable(rest, 100));
        if (seen.find(" " + parameter->keyword + " ") != std::string::npos)
            return refuse(501, "5.5.4 Error: repeated option: " + text::printable(parameter->keyword, 100));
        (seen += parameter->keyword) += ' ';
        std::optional<Reply> wrong = take(*parameter);
        if (wrong) return std::unexpected(*wrong);
    }
    return {};
}

Reply unsupported(const Parameter& parameter) {
    std::string shown = parameter.keyword;
    if (parameter.has_value) (shown += '=') += parameter.value;
    return Reply(555, "5.5.4 Unsupported option: " + text::printable(shown, 100));
}

// RFC 1870 §3: 1*20DIGIT.
std::optional<Reply> take_size(const Parameter& parameter, Mail& mail) {
    if (!parameter.has_value || parameter.value.empty()) return Reply(501, "5.5.4 Bad message size syntax");
    for (char c : parameter.value)
        if (!text::is_digit(c)) return Reply(501, "5.5.4 Bad message size syntax");
    mail.size = text::parse_number(parameter.value).value_or(std::numeric_limits<std::uint64_t>::max());
    return {};
}

std::optional<Reply> take_body(const Parameter& parameter, Mail& mail) {
    if (text::equal_ignoring_case(parameter.value, "7BIT")) {
        mail.body = Body::seven_bit;
    } else if (text::equal_ignoring_case(parameter.value, "8BITMIME")) {
        mail.body = Body::eight_bit;
    } else {
        return unsupported(parameter);
    }
    return {};
}

std::optional<Reply> take_ret(const Parameter& parameter, Mail& mail) {
    if (text::equal_ignoring_case(parameter.value, "FULL")) {
        mail.ret = DsnReturn::full;
    } else if (text::equal_ignoring_case(parameter.value, "HDRS")) {
        mail.ret = DsnReturn::headers;
    } else {
        return Reply(501, "5.5.4 Bad RET parameter syntax");
    }
    return {};
}

std::optional<Reply> take_mail_parameter(const Parameter& parameter, const CommandRules& rules, Mail& mail) {
    if (parameter.keyword == "SIZE") return take_size(parameter, mail);
    if (parameter.keyword == "BODY") return take_body(parameter, mail);
    if (parameter.keyword == "RET" && rules.dsn) return take_ret(parameter, mail);
    if (parameter.keyword == "ENVID" && rules.dsn) {  // RFC 3461 §4.4: at most 100 characters
        if (parameter.value.empty() || parameter.value.size() > 100 || !valid_xtext(parameter.value))
            return Reply(501, "5.5.4 Bad ENVID parameter syntax");
        mail.envid = parameter.value;
        return {};
    }
    if (parameter.keyword == "AUTH") {  // RFC 4954 §5; "<>" is not xtext's business
        if (parameter.value.size() > 500 || (parameter.value != "<>" && !valid_xtext(parameter.value)))
            return Reply(501, "5.5.4 Bad AUTH parameter syntax");
        mail.auth = std::string(parameter.value);
        return {};
    }
    if (parameter.keyword == "SMTPUTF8" && rules.smtputf8 && !parameter.has_value) {
        mail.smtputf8 = true;
        return {};
    }
    return unsupported(parameter);
}

// NOTIFY = "NEVER" / 1#("SUCCESS" / "FAILURE" / "DELAY"), RFC 3461 §4.1
std::optional<Reply> take_notify(const Parameter& parameter, Rcpt& rcpt) {
    std::string_view rest = parameter.value;
    while (true) {
        std::size_t comma = rest.find(',');
        std::string_view word = rest.substr(0, comma);
        std::uint8_t bit = text::equal_ignoring_case(word, "NEVER")     ? notify::never
                           : text::equal_ignoring_case(word, "SUCCESS") ? notify::success
                           : text::equal_ignoring_case(word, "FAILURE") ? notify::failure
                           : text::equal_ignoring_case(word, "DELAY")   ? notify::delay
                                                                        : 0;
        if (bit == 0) return Reply(501, "5.5.4 Bad NOTIFY parameter syntax");
        rcpt.notify |= bit;
        if (comma == std::string_view::npos) break;
        rest.remove_prefix(comma + 1);
    }
    if ((rcpt.notify & notify::never) != 0 && rcpt.notify != notify::never)
        return Reply(501, "5.5.4 Error: Bad NOTIFY parameter syntax: NEVER stands alone");
    return {};
}

// ORCPT = addr-type ";" xtext, RFC 3461 §4.2, at most 500 characters
std::optional<Reply> take_orcpt(const Parameter& parameter, Rcpt& rcpt) {
    std::size_t semicolon = parameter.value.find(';');
    bool good = semicolon != std::string_view::npos && semicolon > 0 && parameter.value.size() <= 500 &&
                semicolon + 1 < parameter.value.size() && valid_xtext(parameter.value.substr(semicolon + 1));
    for (char c : parameter.value.substr(0, good ? semicolon : 0))
        good = good && (text::is_alnum(c) || c == '-');
    if (!good) return Reply(501, "5.5.4 Bad ORCPT parameter syntax");
    rcpt.orcpt = parameter.value;
    return {};
}

std::optional<Reply> take_rcpt_parameter(const Parameter& parameter, const CommandRules& rules, Rcpt& rcpt) {
    if (parameter.keyword == "NOTIFY" && rules.dsn) return take_notify(parameter, rcpt);
    if (parameter.keyword == "ORCPT" && rules.dsn) return take_orcpt(parameter, rcpt);
    return unsupported(parameter);
}

// "FROM:" or "TO:", which clients also send with a blank before or behind the colon.
bool take_keyword_colon(Cursor& input, std::string_view keyword) {
    input.skip_blanks();
    if (!input.take_word_ignoring_case(keyword)) return false;
    input.skip_blanks();
    if (!input.take_if(':')) return false;
    input.skip_blanks();
    return !input.done();
}

// The path, and the blank that must stand before parameters.
std::optional<mail::Address> take_path(Cursor& input, const mail::PathRules& rules) {
    Result<mail::Address> path = mail::parse_path(input, rules);
    if (!path || (!input.done() && !text::is_blank(input.peek()))) return {};
    input.skip_blanks();
    return std::move(*path);
}

// mail = "MAIL FROM:" Reverse-path [SP Mail-parameters]
Parsed parse_mail(std::string_view rest, const CommandRules& rules) {
    Cursor input(rest);
    if (!take_keyword_colon(input, "FROM")) return refuse(501, "5.5.4 Syntax: MAIL FROM:<address>");
    // RFC 6531 §3.4: the parameter stands behind the address that it allows to hold UTF-8.
    bool utf8 = rules.smtputf8 && text::to_upper(rest).find(" SMTPUTF8") != std::string::npos;
    std::optional<mail::Address> path = take_path(input, {.allow_null = true,
                                                          .allow_unqualified = rules.unqualified,
                                                          .allow_utf8 = utf8,
                                                          .require_brackets = rules.strict_envelopes});
    if (!path) return refuse(501, "5.1.7 Bad sender address syntax");
    Mail mail;
    mail.path = std::move(*path);
    auto taken =
        take_parameters(input, [&](const Parameter& p) { return take_mail_parameter(p, rules, mail); });
    if (!taken) return std::unexpected(std::move(taken).error());
    if (mail.path.needs_utf8() && !mail.smtputf8) return refuse(501, "5.1.7 Bad sender address syntax");
    return mail;
}

// rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path ) [SP Rcpt-parameters]
Parsed parse_rcpt(std::string_view rest, const CommandRules& rules) {
    Cursor input(rest);
    if (!take_keyword_colon(input, "TO")) return refuse(501, "5.5.4 Syntax: RCPT TO:<address>");
    // The session refuses an UTF-8 recipient when its MAIL did not say SMTPUTF8.
    std::optional<mail::Address> path = take_path(input, {.allow_unqualified = rules.unqualified,
                                                          .allow_postmaster = true,
                                                          .allow_utf8 = rules.smtputf8,
                                                          .require_brackets = rules.strict_envelopes});
    if (!path) return refuse(501, "5.1.3 Bad recipient address syntax");
    Rcpt rcpt;
    rcpt.path = std::move(*path);
    auto taken =
        take_parameters(input, [&](const Parameter& p) { return take_rcpt_parameter(p, rules, rcpt); });
    if (!taken) return std::unexpected(std::move(taken).error());
    return rcpt;
}

// helo = "HELO" SP Domain; ehlo = "EHLO" SP ( Domain / address-literal ). Real clients send any word.
std::optional<std::string> parse_host(std::string_view rest) {
    if (rest.empty() || rest.size() > mail::limits::domain) return {};
    for (char c : rest)
        if (!text::is_print(c) || c == ' ') return {};
    return std::string(rest);
}

// auth = "AUTH" SP sasl-mech [SP initial-response]
Parsed parse_auth(std::string_view rest) {
    Cursor input(rest);
    std::string_view mechanism =
        input.take_while([](char c) { return text::is_alnum(c) || c == '-' || c == '_'; });  // RFC 4422 §3.1
    if (mechanism.empty() || mechanism.size() > 20 || (!input.done() && !text::is_blank(input.peek())))
        return refuse(501, "5.5.4 Syntax: AUTH mechanism");
    Auth auth;
    auth.mechanism = text::to_upper(mechanism);
    input.skip_blanks();
    if (!input.done()) auth.initial = std::string(input.rest());
    if (auth.initial && auth.initial->find_first_of(" \t") != std::string::npos)
        return refuse(501, "5.5.4 Syntax: AUTH mechanism");
    return auth;
}

template <class Bare>
Parsed parse_bare(std::string_view rest, std::string_view name) {
    if (!rest.empty()) return refuse(501, "5.5.4 Syntax: " + std::string(name));
    return Bare{};
}

}  // namespace

std::string_view name_of(Verb verb) { return verb_names[static_cast<std::size_t>(verb)]; }

Verb verb_of(std::string_view line) {
    std::string_view word = line.substr(0, line.find_first_of(" \t"));
    for (std::size_t i = 0; i + 1 < verb_count; ++i)
        if (text::equal_ignoring_case(word, verb_names[i])) return static_cast<Verb>(i);
    return Verb::unknown;
}

bool valid_xtext(std::string_view xtext) {
    auto upper_hex = [](char c) { return text::is_digit(c) || (c >= 'A' && c <= 'F'); };
    for (std::size_t i = 0; i < xtext.size(); ++i) {
        char c = xtext[i];
        if (c < '!' || c > '~' || c == '=') return false;
        if (c != '+') continue;
        if (i + 2 >= xtext.size() || !upper_hex(xtext[i + 1]) || !upper_hex(xtext[i + 2])) return false;
        bool control = xtext[i + 1] < '2' || xtext.substr(i + 1, 2) == "7F";
        if (control) return false;
        i += 2;
    }
    return true;
}

std::string decode_xtext(std::string_view xtext) {
    std::string out;
    for (std::size_t i = 0; i < xtext.size(); ++i) {
        if (xtext[i] != '+' || i + 2 >= xtext.size()) {
            out += xtext[i];
            continue;
        }
        auto digit = [&](std::size_t at) {
            return xtext[at] <= '9' ? xtext[at] - '0' : xtext[at] - 'A' + 10;
        };
        out += static_cast<char>(digit(i + 1) * 16 + digit(i + 2));
        i += 2;
    }
    return out;
}

std::expected<Command, Reply> parse(std::string_view line, const CommandRules& rules) {
    for (char c : line)
        if (static_cast<unsigned char>(c) < 0x20 && c != '\t') return refuse(500, "5.5.2 Error: bad syntax");
    line = text::trim(line);
    if (line.empty()) return refuse(500, "5.5.2 Error: bad syntax");
    std::size_t blank = line.find_first_of(" \t");
    std::string_view rest =
        blank == std::string_view::npos ? std::string_view() : text::trim(line.substr(blank));
    switch (verb_of(line)) {
        case Verb::helo: {
            std::optional<std::string> host = parse_host(rest);
            return host ? Parsed(Helo{std::move(*host)}) : refuse(501, "5.5.4 Syntax: HELO hostname");
        }
        case Verb::ehlo: {
            std::optional<std::string> host = parse_host(rest);
            return host ? Parsed(Ehlo{std::move(*host)}) : refuse(501, "5.5.4 Syntax: EHLO hostname");
        }
        case Verb::mail: return parse_mail(rest, rules);
        case Verb::rcpt: return parse_rcpt(rest, rules);
        case Verb::auth: return parse_auth(rest);
        case Verb::data: return parse_bare<Data>(rest, "DATA");
        case Verb::rset: return parse_bare<Rset>(rest, "RSET");
        case Verb::quit: return parse_bare<Quit>(rest, "QUIT");
        case Verb::starttls: return parse_bare<StartTls>(rest, "STARTTLS");
        case Verb::noop: return Noop{};  // RFC 5321 §4.1.1.9: a parameter is ignored
        case Verb::help: return Help{};
        case Verb::expn: return Expn{};
        case Verb::vrfy:
            if (rest.empty()) return refuse(501, "5.5.4 Syntax: VRFY address");
            return Vrfy{std::string(rest)};
        case Verb::unknown: break;
    }
    return Unknown{text::printable(line.substr(0, blank), 100)};
}

}  // namespace ekiden::smtp
