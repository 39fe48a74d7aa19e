#pragma once
// What is asked of the resolver: a name and a type of record. The class is always IN.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ekiden::dns {

// The record types this suite uses, with their numbers on the wire (RFC 1035 §3.2.2, RFC 3596, RFC 6698).
enum class Type : std::uint16_t {
    a = 1,
    ns = 2,
    cname = 5,
    ptr = 12,
    mx = 15,
    txt = 16,
    aaaa = 28,
    tlsa = 52
};

struct Question {
    std::string name;  // presentation form, lower case, no trailing dot
    Type type = Type::a;
    bool operator==(const Question&) const = default;
};

// "MX"; for log lines and messages to people.
std::string_view type_name(Type type);
// The type with this number on the wire, if it is one of ours.
std::optional<Type> type_from_number(std::uint16_t number);

}  // namespace ekiden::dns
