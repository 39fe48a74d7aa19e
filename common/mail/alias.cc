// How: a word is what stands between separators, its quotes and backslashes taken off; its first octet says
// what kind of destination it is, so `"|command with blanks"` and `|"command with blanks"` are the same.
// Words gather until a separator, for a `<` behind them makes them a phrase that means nothing.
// Limits: RFC 822's groups (`name: a, b;`) are refused.
#include "common/mail/alias.h"

#include "common/mail/address.h"
#include "common/text/ascii.h"
#include "common/text/cursor.h"

namespace ekiden::mail {
namespace {

using text::Cursor;
using Kind = AliasTarget::Kind;

constexpr std::string_view include_word = ":include:";

struct Word {
    std::string text;                         // without quotes and backslashes
    std::size_t at_sign = std::string::npos;  // the last one outside quotes
    bool escaped = false;                     // began with a backslash
};

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }
bool separates(char c) { return text::is_space(c) || c == ',' || c == ';'; }

std::string shown(std::string_view text) { return "\"" + text::printable(text, 100) + "\""; }

class Parser {
  public:
    explicit Parser(std::string_view value) : input_(value) {}

    // value = *( separator / word / comment / [phrase] "<" address ">" )
    Result<std::vector<AliasTarget>> parse() {
        while (!input_.done()) {
            Result<> taken = take_item();
            if (!taken) return pass(taken);
            if (targets_.size() + phrase_.size() > limits::alias_targets)
                return malformed("more than " + std::to_string(limits::alias_targets) + " destinations");
        }
        Result<> ended = end_item();
        if (!ended) return pass(ended);
        if (targets_.empty()) return malformed("no destination");
        return std::move(targets_);
    }

  private:
    Result<> take_item() {
        char c = input_.peek();
        if (c == ',' || c == ';') {
            input_.take();
            return end_item();
        }
        if (text::is_space(c)) {
            input_.take();
            return {};
        }
        if (c == '(') return skip_comment();
        if (c == '<') return take_bracketed();
        if (c == '>' || c == ')') return malformed(std::string("\"") + c + "\" without its beginning");
        return take_word();
    }

    // comment = "(" *( ctext / quoted-pair / comment ) ")"
    Result<> skip_comment() {
        int depth = 0;
        while (!input_.done()) {
            char c = input_.take();
            if (c == '\\') input_.take();
            if (c == '(' && ++depth > limits::alias_comment_depth)
                return malformed("comments are nested too deeply");
            if (c == ')' && --depth == 0) return {};
        }
        return malformed("a comment is not closed with \")\"");
    }

    // "<" [source route ":"] address ">"; what stands before it since the last separator was a phrase.
    Result<> take_bracketed() {
        for (const Word& word : phrase_) {
            Result<AliasTarget> dropped = target_of(word);
            if (dropped && dropped->kind != Kind::address)
                return malformed("a comma is missing behind " + shown(word.text));
        }
        phrase_.clear();
        std::string_view from_here = input_.rest();
        Result<Address> address = parse_path(input_, {.allow_unqualified = true, .allow_utf8 = true});
        if (!address) return malformed(address.error().text + ": " + shown(from_here));
        targets_.push_back({Kind::address, address->print(), false});
        return {};
    }

    // word = 1*( octet / quoted-pair / quoted-string ), "\" at its beginning marks it
    Result<> take_word() {
        Word word;
        std::size_t start = input_.mark();
        word.escaped = input_.take_if('\\');
        while (!input_.done() && !separates(input_.peek()) &&
               std::string_view("<>()").find(input_.peek()) == std::string_view::npos) {
            if (Result<> taken = take_piece(word); !taken) return taken;
            // `:include: /file` as sendmail allowed it.
            if (text::equal_ignoring_case(word.text, include_word))
                input_.take_while([](char c) { return text::is_space(c); });
        }
        if (input_.since(start).ends_with(':') && !text::equal_ignoring_case(word.text, include_word))
            return malformed("a group is no destination: " + shown(word.text));
        phrase_.push_back(std::move(word));
        return {};
    }

    Result<> take_piece(Word& word) {
        char c = input_.take();
        if (is_control(c)) return malformed("a control character in " + shown(word.text + c));
        if (c == '"') return take_quoted(word);
        if (c == '@') word.at_sign = word.text.size();
        if (c == '\\') {
            if (input_.done() || is_control(input_.peek())) return malformed("nothing follows a backslash");
            c = input_.take();
        }
        word.text += c;
        return {};
    }

    Result<> take_quoted(Word& word) {
        std::size_t start = input_.mark();
        while (!input_.done()) {
            char c = input_.take();
            if (c == '"') return {};
            if (c == '\\' && !input_.done()) c = input_.take();
            if (is_control(c)) return malformed("a control character in " + shown(input_.since(start)));
            word.text += c;
        }
        return malformed("a quote is not closed: " + shown("\"" + std::string(input_.since(start))));
    }

    Result<> end_item() {
        for (const Word& word : phrase_) {
            Result<AliasTarget> target = target_of(word);
            if (!target) return pass(target);
            targets_.push_back(std::move(*target));
        }
        phrase_.clear();
        return {};
    }

    static Result<AliasTarget> target_of(const Word& word) {
        if (word.text.starts_with('\\') && !word.escaped) {  // quoted with its backslash: "\\user"
            Word inner = word;
            inner.text.erase(0, 1);
            if (inner.at_sign != std::string::npos) --inner.at_sign;
            inner.escaped = true;
            return target_of(inner);
        }
        if (word.escaped) {
            if (word.text.starts_with('\\')) return malformed("two backslashes before " + shown(word.text));
            if (kind_of(word.text) != Kind::address)
                return malformed("a backslash is for addresses: " + shown(word.text));
        }
        switch (kind_of(word.text)) {
            case Kind::command: return command_of(word.text);
            case Kind::file: return path_of(Kind::file, word.text);
            case Kind::include: return path_of(Kind::include, word.text.substr(include_word.size()));
            case Kind::address: break;
        }
        return address_of(word);
    }

    static Kind kind_of(std::string_view text) {
        if (text.starts_with('|')) return Kind::command;
        if (text.starts_with('/')) return Kind::file;
        return text::starts_with_ignoring_case(text, include_word) ? Kind::include : Kind::address;
    }

    static Result<AliasTarget> command_of(const std::string& text) {
        std::string command(text::trim(std::string_view(text).substr(1)));
        if (command.empty()) return malformed("no command behind \"|\"");
        if (command.size() > limits::alias_command) return malformed("a command is too long: " + shown(text));
        return AliasTarget{Kind::command, std::move(command), false};
    }

    static Result<AliasTarget> path_of(Kind kind, std::string path) {
        if (!path.starts_with('/')) return malformed("not an absolute path: " + shown(path));
        if (path.size() > limits::alias_file) return malformed("a path is too long: " + shown(path));
        return AliasTarget{kind, std::move(path), false};
    }

    static Result<AliasTarget> address_of(const Word& word) {
        Address address{word.text.substr(0, word.at_sign), ""};
        if (word.at_sign != std::string::npos) {
            address.domain = word.text.substr(word.at_sign + 1);
            if (address.domain.empty()) return malformed("no domain: " + shown(word.text));
        }
        if (address.local.empty()) return malformed("no local part: " + shown(word.text));
        // Its reader knows what an address may be.
        std::string printed = address.print();
        Cursor again(printed);
        Result<Address> read = parse_path(again, {.allow_unqualified = true, .allow_utf8 = true});
        if (!read) return malformed(read.error().text + ": " + shown(word.text));
        if (!again.done() || *read != address) return malformed("not an address: " + shown(word.text));
        return AliasTarget{Kind::address, std::move(printed), word.escaped};
    }

    Cursor input_;
    std::vector<Word> phrase_;
    std::vector<AliasTarget> targets_;
};

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

}  // namespace

Result<std::vector<AliasTarget>> parse_alias_value(std::string_view value) {
    if (value.size() > limits::alias_value)
        return malformed("longer than " + std::to_string(limits::alias_value) + " octets");
    return Parser(value).parse();
}

std::string print(const AliasTarget& target) {
    switch (target.kind) {
        case Kind::command: return quoted("|" + target.text);
        case Kind::file: return quoted(target.text);
        case Kind::include: return quoted(std::string(include_word) + target.text);
        case Kind::address: break;
    }
    if (target.no_further_alias) return "\\" + target.text;
    // Without brackets "/a"@example.org would be a file.
    bool plain = !target.text.empty() && (text::is_alnum(target.text.front()) || target.text.front() == '_');
    return plain ? target.text : "<" + target.text + ">";
}

std::string print(const std::vector<AliasTarget>& targets) {
    std::string out;
    for (const AliasTarget& target : targets) out += (out.empty() ? "" : ", ") + print(target);
    return out;
}

}  // namespace ekiden::mail
