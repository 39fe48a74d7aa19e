// Every value is expanded and converted when the object is made; indexing is an array access. Two names exist
// without a row: system_hostname (the kernel's host name, made fully qualified) and myhostname_parent
// (myhostname without its first label, the default of mydomain).
#include "common/config/settings.h"

#include <unistd.h>

#include <limits>

#include "common/config/expand.h"
#include "common/text/ascii.h"

namespace ekiden {
namespace {

std::string parent_domain(std::string_view host) {
    std::size_t dot = host.find('.');
    return dot == std::string_view::npos ? "localdomain" : std::string(host.substr(dot + 1));
}

// What stands for a value that cannot be had, until the administrator mends it.
std::variant<std::string, bool, std::int64_t, Seconds, List, RawText> nothing_of(param::Type type) {
    switch (type) {
        case param::Type::boolean: return false;
        case param::Type::number: return std::int64_t{0};
        case param::Type::time: return Seconds(0);
        case param::Type::list: return List();
        case param::Type::raw: return RawText();
        case param::Type::text: break;
    }
    return std::string();
}

std::string describe(const param::Info& info, std::string_view value, std::string_view wanted) {
    return "bad " + std::string(wanted) + " value for parameter " + std::string(info.name) + ": \"" +
           text::printable(value, 100) + "\"";
}

}  // namespace

Settings::Settings() {
    std::vector<Problem> problems;
    *this = Settings({}, problems);
}

Settings::Settings(RawValues set, std::vector<Problem>& problems) : set_(std::move(set)) {
    values_.reserve(param::all.size());
    for (const param::Info& info : param::all) {
        std::optional<std::string> text = raw(info.name);
        Result<Value> value = convert(info, *text);
        if (!value) {
            problems.push_back({std::string(info.name), value.error().text});
            value = convert(info, info.default_text);
        }
        // The default itself may refer to what is broken.
        if (!value) value = nothing_of(info.type);
        values_.push_back(std::move(*value));
    }
}

Settings Settings::lenient(RawValues main_cf, const RawValues& overrides, std::vector<Problem>& problems) {
    for (const auto& [name, value] : overrides) main_cf[name] = value;
    return Settings(std::move(main_cf), problems);
}

Result<Settings> Settings::make(RawValues main_cf, const RawValues& overrides) {
    std::vector<Problem> problems;
    Settings settings = lenient(std::move(main_cf), overrides, problems);
    if (!problems.empty()) return malformed(problems.front().parameter + ": " + problems.front().text);
    return settings;
}

std::optional<std::string> Settings::raw(std::string_view name) const {
    auto set = set_.find(name);
    if (set != set_.end()) return set->second;
    if (const param::Info* info = param::find(name)) return std::string(info->default_text);
    if (name == "system_hostname") return config::system_hostname();
    if (name == "myhostname_parent") {
        // With this name undefined inside, `myhostname = mail.$mydomain` ends instead of going in circles.
        auto lookup = [this](std::string_view inner) -> std::optional<std::string> {
            return inner == "myhostname_parent" ? std::nullopt : raw(inner);
        };
        Result<std::string> host = config::expand("$myhostname", lookup);
        return parent_domain(host ? *host : "");
    }
    return std::nullopt;
}

Result<std::string> Settings::expand(std::string_view text) const {
    return config::expand(text, [this](std::string_view name) { return raw(name); });
}

std::string Settings::text(std::string_view name) const {
    std::optional<std::string> value = raw(name);
    if (!value) return "";
    if (const param::Info* info = param::find(name); info && info->type == param::Type::raw) return *value;
    Result<std::string> expanded =
        config::expand_value_of(name, *value, [this](std::string_view inner) { return raw(inner); });
    return expanded ? *expanded : "";
}

Result<Settings::Value> Settings::convert(const param::Info& info, std::string_view raw_text) const {
    if (info.type == param::Type::raw) return Value(RawText{std::string(raw_text)});
    Result<std::string> text =
        config::expand_value_of(info.name, raw_text, [this](std::string_view name) { return raw(name); });
    if (!text) return pass(text);
    switch (info.type) {
        case param::Type::raw:
        case param::Type::text: return Value(std::move(*text));
        case param::Type::list: {
            Result<List> items = config::split_list(*text);
            if (!items) return pass(items);
            return Value(std::move(*items));
        }
        case param::Type::boolean: {
            std::optional<bool> value = config::parse_boolean(*text);
            if (!value) return malformed(describe(info, *text, "boolean") + " (yes or no)");
            return Value(*value);
        }
        case param::Type::number: {
            std::optional<std::uint64_t> value = text::parse_number(*text);
            if (!value || *value > std::numeric_limits<std::int64_t>::max())
                return malformed(describe(info, *text, "numerical") + " (a whole number)");
            return Value(static_cast<std::int64_t>(*value));
        }
        case param::Type::time: {
            Result<std::string> default_text = expand(info.default_text);
            std::optional<Seconds> value =
                config::parse_time(*text, config::time_unit(default_text ? *default_text : ""));
            if (!value)
                return malformed(describe(info, *text, "time") + " (a whole number with s, m, h, d or w)");
            return Value(*value);
        }
    }
    return malformed("unknown type");
}

namespace config {

std::optional<Seconds> parse_time(std::string_view text, char unit) {
    text = text::trim(text);
    if (!text.empty() && text::is_alpha(text.back())) {
        unit = text::lower(text.back());
        text.remove_suffix(1);
    }
    std::optional<std::uint64_t> number = text::parse_number(text);
    std::uint64_t seconds = unit == 's'   ? 1
                            : unit == 'm' ? 60
                            : unit == 'h' ? 3600
                            : unit == 'd' ? 86400
                            : unit == 'w' ? 604800
                                          : 0;
    if (!number || seconds == 0) return std::nullopt;
    // A hundred years is for ever; more could overflow when added to a clock.
    if (*number > 100ull * 366 * 86400 / seconds) return std::nullopt;
    return Seconds(static_cast<std::int64_t>(*number * seconds));
}

char time_unit(std::string_view default_text) {
    default_text = text::trim(default_text);
    return !default_text.empty() && text::is_alpha(default_text.back()) ? text::lower(default_text.back())
                                                                        : 's';
}

std::optional<bool> parse_boolean(std::string_view text) {
    text = text::trim(text);
    if (text::equal_ignoring_case(text, "yes")) return true;
    if (text::equal_ignoring_case(text, "no")) return false;
    return std::nullopt;
}

std::string system_hostname() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost.localdomain";
    std::string host(name.data());
    return host.find('.') == std::string::npos ? host + ".localdomain" : host;
}

}  // namespace config
}  // namespace ekiden
