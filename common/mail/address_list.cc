// Tokens first, then groups of them between commas: the address of a group is what stands in its angle
// brackets, and without those every run of words that dots and an @ join is one.
#include "common/mail/address_list.h"

#include "common/text/ascii.h"

namespace ekiden::mail {
namespace {

enum class Kind { word, special };

struct Token {
    Kind kind;
    char special;      // of a special
    std::string text;  // of a word, unquoted
    std::size_t begin, end;
    bool is(char c) const { return kind == Kind::special && special == c; }
    bool joins() const { return is('@') || is('.') || is(':'); }
};

bool is_special(char c) { return std::string_view("<>@,;:.").find(c) != std::string_view::npos; }

// comment = "(" *([FWS] ccontent) [FWS] ")", nested by counting. Gives the place behind it.
std::size_t skip_comment(std::string_view text, std::size_t at) {
    for (int depth = 0; at < text.size(); ++at) {
        if (text[at] == '\\')
            ++at;
        else if (text[at] == '(')
            ++depth;
        else if (text[at] == ')' && --depth == 0)
            return at + 1;
    }
    return text.size();
}

// quoted-string, or domain-literal (which keeps its brackets); an open one ends with the text.
std::size_t take_enclosed(std::string_view text, std::size_t at, char close, std::string& out) {
    for (; at < text.size() && text[at] != close; ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        if (text[at] != '\r' && text[at] != '\n') out += text[at];
    }
    return std::min(at + 1, text.size());
}

std::vector<Token> tokens_of(std::string_view text) {
    std::vector<Token> tokens;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        const std::size_t begin = at;
        if (text::is_space(c) || c == ')' || c == ']') {
            ++at;
        } else if (c == '(') {
            at = skip_comment(text, at);
        } else if (is_special(c)) {
            tokens.push_back({Kind::special, c, {}, begin, ++at});
        } else if (c == '"') {
            std::string word;
            at = take_enclosed(text, at + 1, '"', word);
            tokens.push_back({Kind::word, 0, std::move(word), begin, at});
        } else if (c == '[') {
            std::string word = "[";
            at = take_enclosed(text, at + 1, ']', word);
            tokens.push_back({Kind::word, 0, word + "]", begin, at});
        } else {
            while (at < text.size() && !text::is_space(text[at]) && !is_special(text[at]) &&
                   std::string_view("()\"[]").find(text[at]) == std::string_view::npos)
                at += text[at] == '\\' && at + 1 < text.size() ? 2 : 1;
            std::string word;
            take_enclosed(text.substr(0, at), begin, '\0', word);
            tokens.push_back({Kind::word, 0, std::move(word), begin, at});
        }
    }
    return tokens;
}

using Place = std::vector<Token>::const_iterator;

// Where the addr-spec begins behind a route, "@a,@b:"; `to` where nothing stands behind it.
Place behind_route(Place from, Place to) {
    if (from != to && from->is('@'))
        for (Place each = to; each != from; --each)
            if ((each - 1)->is(':')) return each;
    return from;
}

// One addr-spec, the last @ parting it.
ListedAddress address_of(Place from, Place to) {
    ListedAddress found{{}, from->begin, (to - 1)->end};
    Place at = to;
    for (Place each = from; each != to; ++each)
        if (each->is('@')) at = each;
    auto join = [](Place begin, Place end) {
        std::string text;
        for (; begin != end; ++begin)
            text += begin->kind == Kind::word ? begin->text : std::string(1, begin->special);
        return text;
    };
    found.address.local = join(from, at);
    if (at != to) found.address.domain = join(at + 1, to);
    return found;
}

// Runs of words joined by dots, colons and @.
void add_runs(Place from, Place to, std::vector<ListedAddress>& out) {
    while (from != to) {
        Place end = from + 1;
        while (end != to && (end->joins() || (end - 1)->joins())) ++end;
        bool has_word = false;
        for (Place each = from; each != end; ++each) has_word = has_word || each->kind == Kind::word;
        Place begin = behind_route(from, end);
        if (has_word && begin != end) out.push_back(address_of(begin, end));
        from = end;
    }
}

bool amid_a_word(Place colon, Place end) {
    const Place next = colon + 1;
    return next != end && next->kind == Kind::word && next->begin == colon->end;
}

}  // namespace

std::vector<ListedAddress> addresses_in(std::string_view text) {
    std::vector<Token> tokens = tokens_of(text);
    std::vector<ListedAddress> found;
    // Where no semicolon ends a group, a:b is a local part: its mail must not go to b.
    Place last_semicolon = tokens.cend();
    while (last_semicolon != tokens.cbegin() && !last_semicolon[-1].is(';')) --last_semicolon;
    Place group = tokens.cbegin();  // where the words since the last separator begin
    for (Place at = tokens.cbegin(); at != tokens.cend(); ++at) {
        if (at->is('<')) {
            Place close = at + 1;
            while (close != tokens.cend() && !close->is('>')) ++close;
            Place begin = behind_route(at + 1, close);
            if (begin != close) found.push_back(address_of(begin, close));
            if (close == tokens.cend()) return found;
            at = close;
            group = close + 1;  // what stood before was a phrase
        } else if (at->is(',') || at->is(';')) {
            add_runs(group, at, found);
            group = at + 1;
        } else if (at->is(':') && (at < last_semicolon || !amid_a_word(at, tokens.cend()))) {
            group = at + 1;
        }
    }
    add_runs(group, tokens.cend(), found);
    return found;
}

std::string complete_addresses(std::string_view text, std::string_view domain) {
    std::string out;
    std::size_t copied = 0;
    for (const ListedAddress& each : addresses_in(text)) {
        if (!each.address.domain.empty() || each.address.local.empty()) continue;
        out += text.substr(copied, each.end - copied);
        (out += '@') += domain;
        copied = each.end;
    }
    return out += text.substr(copied);
}

}  // namespace ekiden::mail
