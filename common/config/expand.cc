// Recursive descent over the text; a value that is looked up is expanded by the same function, one level
// deeper, with the names above it remembered. Only what is looked up is expanded again, never the result, so
// `$$` stays a dollar. Limits: the functions of newer Postfix releases (${domain_to_ascii{...}}) are refused
// by name.
#include "common/config/expand.h"

#include <algorithm>

#include "common/text/ascii.h"
#include "common/text/cursor.h"

namespace ekiden::config {
namespace {

using text::Cursor;

constexpr bool is_name_char(char c) { return text::is_alnum(c) || c == '_'; }

void skip_space(Cursor& cursor) {
    cursor.take_while([](char c) { return text::is_space(c); });
}

// What stands between an opening bracket (already taken) and its match, which is taken too.
std::optional<std::string_view> take_bracketed(Cursor& cursor, char open, char close) {
    std::size_t start = cursor.mark();
    int depth = 1;
    while (!cursor.done()) {
        char c = cursor.take();
        if (c == open) ++depth;
        if (c == close && --depth == 0) {
            std::string_view inside = cursor.since(start);
            return inside.substr(0, inside.size() - 1);
        }
    }
    return std::nullopt;
}

class Expander {
  public:
    explicit Expander(const Lookup& lookup) : lookup_(lookup) {}

    Result<std::string> value_of(std::string_view name, std::string_view value) {
        names_.emplace_back(name);
        Result<std::string> result = text_at(value);
        names_.pop_back();
        return result;
    }

    Result<std::string> text_at(std::string_view input) {
        if (++depth_ > limits::expansion_depth) return malformed("parameters refer to each other too deeply");
        Result<std::string> result = text_inside(input);
        --depth_;
        return result;
    }

  private:
    Result<std::string> text_inside(std::string_view input) {
        std::string out;
        Cursor cursor(input);
        while (!cursor.done()) {
            out += cursor.take_while([](char c) { return c != '$'; });
            if (cursor.done()) break;
            cursor.take();
            Result<std::string> piece = reference(cursor);
            if (!piece) return pass(piece);
            out += *piece;
            if (out.size() > limits::expanded_value) return malformed("value expands to more than 1 MiB");
        }
        return out;
    }

    // What follows a `$`.
    Result<std::string> reference(Cursor& cursor) {
        if (cursor.take_if('$')) return std::string("$");
        for (auto [open, close] : {std::pair{'{', '}'}, std::pair{'(', ')'}}) {
            if (!cursor.take_if(open)) continue;
            std::optional<std::string_view> inside = take_bracketed(cursor, open, close);
            if (!inside) return malformed(std::string("\"$") + open + "\" without its \"" + close + "\"");
            return bracketed(*inside);
        }
        std::string_view name = cursor.take_while(is_name_char);
        if (name.empty()) return malformed("\"$\" without a name after it (write \"$$\" for a dollar)");
        return named(name);
    }

    Result<std::string> bracketed(std::string_view inside) {
        Cursor cursor(inside);
        skip_space(cursor);
        if (cursor.peek() == '{') return relation(cursor);
        std::string_view name = cursor.take_while(is_name_char);
        if (name.empty()) return malformed("\"${\" without a name after it");
        skip_space(cursor);
        if (cursor.done()) return named(name);
        if (cursor.peek() == '{') return malformed("function \"" + std::string(name) + "\" is not supported");
        char when = cursor.take();
        if (when != '?' && when != ':')
            return malformed("unexpected \"" + std::string(1, when) + "\" after \"${" + std::string(name) +
                             "\"");
        Result<std::string> value = named(name);
        if (!value) return value;
        return choice(cursor, when == '?' ? !value->empty() : value->empty(), when);
    }

    // {v1} == {v2} ? {a} : {b}
    Result<std::string> relation(Cursor& cursor) {
        Result<std::string> left = braced(cursor);
        if (!left) return left;
        skip_space(cursor);
        std::string_view op =
            cursor.take_while([](char c) { return c == '=' || c == '!' || c == '<' || c == '>'; });
        skip_space(cursor);
        Result<std::string> right = braced(cursor);
        if (!right) return right;
        Result<bool> holds = compare(*left, op, *right);
        if (!holds) return pass(holds);
        skip_space(cursor);
        char when = cursor.take();
        if (when != '?' && when != ':') return malformed("a comparison needs \"?\" or \":\" after it");
        return choice(cursor, when == '?' ? *holds : !*holds, when);
    }

    // The text after ? or :, and with braces the other one after a further colon.
    Result<std::string> choice(Cursor& cursor, bool first, char when) {
        std::size_t start = cursor.mark();
        skip_space(cursor);
        if (!cursor.take_if('{')) {
            cursor.rewind(start);
            return first ? text_at(cursor.rest()) : Result<std::string>("");
        }
        std::optional<std::string_view> one = take_bracketed(cursor, '{', '}');
        if (!one) return malformed("\"{\" without its \"}\"");
        std::string_view other;
        skip_space(cursor);
        if (when == '?' && cursor.take_if(':')) {
            skip_space(cursor);
            if (!cursor.take_if('{')) return malformed("\":\" must be followed by \"{\" here");
            std::optional<std::string_view> two = take_bracketed(cursor, '{', '}');
            if (!two) return malformed("\"{\" without its \"}\"");
            other = *two;
            skip_space(cursor);
        }
        if (!cursor.done())
            return malformed("unexpected text after \"}\": " + text::printable(cursor.rest(), 40));
        return text_at(first ? *one : other);
    }

    Result<std::string> braced(Cursor& cursor) {
        if (!cursor.take_if('{')) return malformed("a comparison needs its values in { }");
        std::optional<std::string_view> inside = take_bracketed(cursor, '{', '}');
        if (!inside) return malformed("\"{\" without its \"}\"");
        return text_at(*inside);
    }

    static Result<bool> compare(const std::string& left, std::string_view op, const std::string& right) {
        auto left_number = text::parse_number(left);
        auto right_number = text::parse_number(right);
        auto order = left_number && right_number ? *left_number <=> *right_number : left.compare(right) <=> 0;
        if (op == "==") return order == 0;
        if (op == "!=") return order != 0;
        if (op == "<") return order < 0;
        if (op == "<=") return order <= 0;
        if (op == ">") return order > 0;
        if (op == ">=") return order >= 0;
        return malformed("\"" + text::printable(op, 10) + "\" is none of == != < <= > >=");
    }

    Result<std::string> named(std::string_view name) {
        auto seen = std::find(names_.begin(), names_.end(), name);
        if (seen != names_.end()) {
            std::string circle;
            for (; seen != names_.end(); ++seen) circle += "$" + *seen + " -> ";
            return malformed("defined by way of itself: " + circle + "$" + std::string(name));
        }
        if (++lookups_ > limits::lookups) return malformed("too many references to parameters");
        std::optional<std::string> value = lookup_(name);
        if (!value) return std::string();
        return value_of(name, *value);
    }

    const Lookup& lookup_;
    std::vector<std::string> names_;
    std::size_t depth_ = 0;
    std::size_t lookups_ = 0;
};

}  // namespace

Result<std::string> expand(std::string_view text, const Lookup& lookup) {
    return Expander(lookup).text_at(text);
}

Result<std::string> expand_value_of(std::string_view name, std::string_view text, const Lookup& lookup) {
    return Expander(lookup).value_of(name, text);
}

std::vector<std::string> references(std::string_view text) {
    std::vector<std::string> found;
    for (std::size_t at = text.find('$'); at != std::string_view::npos; at = text.find('$', at)) {
        Cursor cursor(text.substr(++at));
        if (cursor.take_if('$')) {
            ++at;
            continue;
        }
        if (cursor.peek() == '{' || cursor.peek() == '(') cursor.take();
        skip_space(cursor);
        std::string_view name = cursor.take_while(is_name_char);
        if (!name.empty()) found.emplace_back(name);
    }
    return found;
}

Result<std::vector<std::string>> split_list(std::string_view input) {
    auto separator = [](char c) { return c == ',' || text::is_space(c); };
    std::vector<std::string> items;
    Cursor cursor(input);
    while (true) {
        cursor.take_while(separator);
        if (cursor.done()) return items;
        std::size_t start = cursor.mark();
        while (!cursor.done() && !separator(cursor.peek())) {
            if (cursor.take() != '{') continue;
            if (!take_bracketed(cursor, '{', '}')) return malformed("\"{\" without its \"}\"");
        }
        items.emplace_back(cursor.since(start));
    }
}

std::vector<std::string_view> split_words(std::string_view input) {
    std::vector<std::string_view> words;
    Cursor cursor(input);
    while (true) {
        skip_space(cursor);
        if (cursor.done()) return words;
        std::size_t start = cursor.mark();
        for (int depth = 0; !cursor.done() && (depth > 0 || !text::is_space(cursor.peek()));) {
            char c = cursor.take();
            if (c == '{') ++depth;
            if (c == '}' && depth > 0) --depth;
        }
        words.push_back(cursor.since(start));
    }
}

std::string_view without_braces(std::string_view item) {
    if (item.size() < 2 || item.front() != '{' || item.back() != '}') return item;
    return text::trim(item.substr(1, item.size() - 2));
}

}  // namespace ekiden::config
