#pragma once
// Every main.cf parameter, declared once: its name, type, default as main.cf text (which may use $name) and
// one line of meaning. The rows stand in params.def, one a line, so that adding one is adding a line there;
// the reader, ekiconf, the manual and the checks all come from that list. Code writes
// `settings[param::smtpd_command_timeout]`, so that a misspelt name does not compile. Names and defaults are
// Postfix's wherever the meaning is the same.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"

namespace ekiden {

// Items of a list parameter: split at commas and white space; an item in { } keeps its braces and blanks.
using List = std::vector<std::string>;

// The value of a parameter whose $names are not main.cf's: whoever uses it puts them in.
struct RawText {
    std::string text;
};

namespace param {

// The position of each parameter in the catalogue.
enum class Id : std::uint16_t {
#define PARAM(type, name, default_text, meaning) name,
#include "common/config/params.def"
#undef PARAM
};

}  // namespace param

// One parameter with the type of its value; Settings is indexed by it.
template <class T>
struct Param {
    param::Id id;
    std::string_view name;
    std::string_view default_text;
    std::string_view meaning;
};

namespace param {

#define PARAM(type, name, default_text, meaning) \
    inline constexpr Param<type> name{Id::name, #name, default_text, meaning};
#include "common/config/params.def"
#undef PARAM

enum class Type : std::uint8_t { text, boolean, number, time, list, raw };

// A parameter without its C++ type, for tools.
struct Info {
    std::string_view name;
    Type type;
    std::string_view default_text;
    std::string_view meaning;
};

template <class T>
inline constexpr Type type_of = Type::text;
template <>
inline constexpr Type type_of<bool> = Type::boolean;
template <>
inline constexpr Type type_of<std::int64_t> = Type::number;
template <>
inline constexpr Type type_of<Seconds> = Type::time;
template <>
inline constexpr Type type_of<List> = Type::list;
template <>
inline constexpr Type type_of<RawText> = Type::raw;

// The whole catalogue, in the order of Id.
inline constexpr auto all = std::to_array<Info>({
#define PARAM(type, name, default_text, meaning) {#name, type_of<type>, default_text, meaning},
#include "common/config/params.def"
#undef PARAM
});

// The row of a name, or null when no parameter is called so.
const Info* find(std::string_view name);

}  // namespace param
}  // namespace ekiden
