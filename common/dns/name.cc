#include "common/dns/name.h"

// Escapes are read and written octet for octet: parse(print(x)) == x for every label, whatever octets it
// holds.

#include <fmt/format.h>

#include <algorithm>

#include "common/text/ascii.h"
#include "common/text/cursor.h"

namespace ekiden::dns {
namespace {

// escape = "\" ( 3DIGIT / any octet but a digit )
Result<char> read_escape(text::Cursor& in) {
    if (in.done()) return malformed("a name ends in a backslash");
    if (!text::is_digit(in.peek())) return in.take();
    unsigned value = 0;
    for (int i = 0; i < 3; ++i) {
        if (!text::is_digit(in.peek())) return malformed("\\DDD in a name needs three digits");
        value = value * 10 + static_cast<unsigned>(in.take() - '0');
    }
    if (value > 255) return malformed("\\DDD in a name is past 255");
    return static_cast<char>(value);
}

Result<std::string> read_label(text::Cursor& in) {
    std::string label;
    while (!in.done() && in.peek() != '.') {
        char octet = in.take();
        if (octet == '\\') {
            Result<char> escaped = read_escape(in);
            if (!escaped) return pass(std::move(escaped));
            octet = *escaped;
        }
        label += octet;
        if (label.size() > label_limit) return malformed("a label of a name is longer than 63 octets");
    }
    if (label.empty()) return malformed("a name has an empty label");
    return label;
}

}  // namespace

Result<std::string> name_to_wire(std::string_view presentation) {
    std::string wire;
    if (presentation == ".") presentation = "";
    text::Cursor in(presentation);
    while (!in.done()) {
        Result<std::string> label = read_label(in);
        if (!label) return pass(std::move(label));
        wire += static_cast<char>(label->size());
        wire += *label;
        if (wire.size() + 1 > wire_name_limit) return malformed("a name is longer than 255 octets");
        if (!in.take_if('.')) break;
    }
    wire += '\0';
    return wire;
}

Result<std::string> name_from_wire(std::string_view wire) {
    if (wire.size() > wire_name_limit) return malformed("a name is longer than 255 octets");
    std::string name;
    while (!wire.empty()) {
        const std::size_t length = static_cast<std::uint8_t>(wire.front());
        wire.remove_prefix(1);
        if (length == 0) {
            if (!wire.empty()) return malformed("octets follow a name");
            return name;
        }
        if (length > label_limit) return malformed("a label of a name is longer than 63 octets");
        if (length > wire.size()) return malformed("a name ends inside a label");
        append_label(name, wire.substr(0, length));
        wire.remove_prefix(length);
    }
    return malformed("a name lacks its end");
}

void append_label(std::string& name, std::string_view label) {
    if (!name.empty()) name += '.';
    for (char c : label) {
        if (c == '.' || c == '\\') {
            name += '\\';
            name += c;
        } else if (c > 0x20 && c < 0x7f) {
            name += text::lower(c);
        } else {
            name += fmt::format("\\{:03}", static_cast<unsigned>(static_cast<std::uint8_t>(c)));
        }
    }
}

std::string canonical(std::string_view name) {
    if (name.ends_with('.') && !name.ends_with("\\.")) name.remove_suffix(1);
    return text::to_lower(name);
}

bool is_host_name(std::string_view name) {
    if (name.empty() || name.size() > wire_name_limit - 2) return false;
    bool all_digits = true;
    std::size_t label = 0;
    char before = '.';
    for (char c : name) {
        if (c == '.') {
            if (label == 0 || before == '-') return false;
            label = 0;
        } else {
            if (!text::is_alnum(c) && c != '-' && c != '_') return false;
            if (c == '-' && label == 0) return false;
            if (++label > label_limit) return false;
            all_digits = all_digits && text::is_digit(c);
        }
        before = c;
    }
    return label > 0 && before != '-' && !all_digits;
}

}  // namespace ekiden::dns
