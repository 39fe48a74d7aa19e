#pragma once
// The resolved configuration of one service: every parameter of the catalogue with its value expanded,
// converted to its type and checked, once. Immutable; cheap to index and to pass by reference. The raw text
// comes from main.cf, overrides from the `-o` options of the service's master.cf line. Names outside the
// catalogue (parameters that an administrator made up, or a transport's own limits) are found by text().
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/error.h"
#include "common/config/params.h"

namespace ekiden {

// Parameter names and their values as they stand in main.cf, unexpanded.
using RawValues = std::map<std::string, std::string, std::less<>>;

// A value that cannot be used, and why.
struct Problem {
    std::string parameter;
    std::string text;
};

class Settings {
  public:
    // All defaults.
    Settings();
    // main.cf's values with the overrides on top; names the first parameter that has a bad value.
    static Result<Settings> make(RawValues main_cf, const RawValues& overrides = {});
    // The same, but bad values are listed in `problems` and replaced by their defaults: for checks and tools.
    static Settings lenient(RawValues main_cf, const RawValues& overrides, std::vector<Problem>& problems);

    template <class T>
    const T& operator[](const Param<T>& param) const {
        return std::get<T>(values_[static_cast<std::size_t>(param.id)]);
    }

    // The expanded value of any name, empty where it is defined nowhere; RawText as it stands.
    std::string text(std::string_view name) const;
    // The value before expansion: main.cf's (or the override), else the default; nothing for unknown names.
    std::optional<std::string> raw(std::string_view name) const;
    // Text with this configuration's parameters put in.
    Result<std::string> expand(std::string_view text) const;
    // What was set, overrides included.
    const RawValues& set() const { return set_; }

  private:
    using Value = std::variant<std::string, bool, std::int64_t, Seconds, List, RawText>;
    Settings(RawValues set, std::vector<Problem>& problems);
    Result<Value> convert(const param::Info& info, std::string_view raw) const;

    RawValues set_;
    std::vector<Value> values_;
};

namespace config {

// "5d", "300s", "1h": a whole number with s m h d w; a bare number is in `unit`. Nothing for anything else.
std::optional<Seconds> parse_time(std::string_view text, char unit = 's');
// The unit of bare numbers of a parameter: that of its default.
char time_unit(std::string_view default_text);
// yes or no, in any case.
std::optional<bool> parse_boolean(std::string_view text);

// $system_hostname and $system_domain, which the kernel's host name gives; what the defaults of myhostname
// and mydomain are.
std::string system_hostname();

}  // namespace config
}  // namespace ekiden
