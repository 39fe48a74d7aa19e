#pragma once
// Writing an event to the log. An event is declared once, in events.h: name, level and the line in Postfix's
// form, whose {fields} are filled in here, in order. Every field also goes into the JSON form.
//
//   log::emit(events::connect, name, address);
//
// In the text of an event: {field} is its value; {?before|field|after} is printed, with what stands around
// it, only when the field is not empty; {!field} is in the JSON form alone.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "common/base/error.h"

namespace ekiden::log {

enum class Level : std::uint8_t { error = 3, warning = 4, info = 6, debug = 7 };  // syslog's numbers

template <std::size_t N>
struct FixedString {
    char text[N]{};
    constexpr FixedString(const char (&s)[N]) { std::copy_n(s, N, text); }  // NOLINT: implicit by design
    constexpr std::string_view view() const { return {text, N - 1}; }
};

// One of {field}, {?before|field|after}, {!field} at `text[at]`; how far it goes and where the field's name
// stands.
struct Place {
    std::size_t end;
    std::string_view before, field, after;
    bool hidden;
};
constexpr Place place_at(std::string_view text, std::size_t at) {
    std::size_t end = text.find('}', at);
    std::string_view inner = text.substr(at + 1, end - at - 1);
    if (inner.starts_with('!')) return {end + 1, {}, inner.substr(1), {}, true};
    if (!inner.starts_with('?')) return {end + 1, {}, inner, {}, false};
    std::size_t first = inner.find('|'), second = inner.find('|', first + 1);
    return {end + 1, inner.substr(1, first - 1), inner.substr(first + 1, second - first - 1),
            inner.substr(second + 1), false};
}
constexpr std::size_t count_fields(std::string_view text) {
    std::size_t count = 0;
    for (std::size_t at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) ++count;
    return count;
}

template <FixedString Name, Level L, FixedString Text>
struct Event {
    static constexpr std::string_view name = Name.view();
    static constexpr Level level = L;
    static constexpr std::string_view text = Text.view();
    static constexpr std::size_t fields = count_fields(Text.view());
};

// The value of a field: text (made printable) or a number.
class Value {
  public:
    Value(std::string_view text);  // NOLINT: implicit, so that calls read well
    Value(const std::string& text) : Value(std::string_view(text)) {}  // NOLINT
    Value(const char* text) : Value(std::string_view(text)) {}         // NOLINT
    Value(const Error& error) : Value(error.text) {}                   // NOLINT
    template <class N>
        requires(std::is_arithmetic_v<N>)
    Value(N number) : text_(std::to_string(number)), number_(true) {}  // NOLINT
    std::string_view text() const { return text_; }
    bool number() const { return number_; }

  private:
    std::string text_;
    bool number_ = false;
};

struct Line {
    Level level;
    std::int64_t when;  // UTC microseconds
    std::string_view event;
    std::string text;  // with "warning: " or "error: " in front where the level says so
    std::string json;  // {"event":"connect","client":"…"}
};

// Where lines go. The process's sink is set once at its beginning (process/daemon.h sends to the logger);
// until then, and in command line tools, lines go to stderr.
class Sink {
  public:
    virtual ~Sink() = default;
    virtual void write(const Line& line) = 0;
};
void set_sink(Sink* sink);

Line render(std::string_view name, Level level, std::string_view text, const Value* values,
            std::size_t count);
void write(const Line& line);

template <FixedString Name, Level L, FixedString Text, class... V>
void emit(const Event<Name, L, Text>&, const V&... values) {
    using E = Event<Name, L, Text>;
    static_assert(sizeof...(V) == E::fields, "an event takes as many values as its text has fields");
    std::array<Value, sizeof...(V) + 1> all{Value(values)..., Value("")};
    write(render(E::name, L, E::text, all.data(), sizeof...(V)));
}

// JSON's string form, quotes included.
std::string json_string(std::string_view text);

}  // namespace ekiden::log
