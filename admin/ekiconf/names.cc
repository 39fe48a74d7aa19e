#include "admin/ekiconf/names.h"

#include "common/config/expand.h"
#include "common/config/known_names.h"
#include "common/config/service_names.h"
#include "common/text/ascii.h"

namespace ekiden::ekiconf {
namespace {

constexpr std::size_t in_main = static_cast<std::size_t>(-1);
constexpr std::string_view restriction_classes = "smtpd_restriction_classes";

// Without a row in the catalogue, but with a value (settings.h).
bool is_computed(std::string_view name) { return name == "system_hostname" || name == "myhostname_parent"; }

bool is_of_service(std::string_view name) { return name == "service_name" || name == "process_name"; }

}  // namespace

void Names::find_user_names(Output& output) {
    user_of_.assign(services_.size(), {});
    for (std::size_t i = 0; i < services_.size(); ++i)
        for (const auto& [name, value] : services_[i].overrides())
            for (const std::string& used : config::references(value)) refer(used, i, output);
    for (const auto& [name, value] : set_) {
        for (const std::string& used : config::references(value)) refer(used, in_main, output);
        if (name == restriction_classes)
            for (const std::string& used : text::split(value, ", \t\r\n")) refer(used, in_main, output);
    }
}

void Names::refer(const std::string& name, std::size_t scope, Output& output) {
    bool is_set = false;
    if (scope != in_main && services_[scope].overrides().contains(name)) {
        user_of_[scope].insert(name);
        is_set = true;
    } else if (set_.contains(name)) {
        if (!class_of(name)) user_.insert(name);
        is_set = true;
    }
    for (std::size_t i = 0; scope == in_main && i < services_.size(); ++i)
        if (services_[i].overrides().contains(name)) {
            user_of_[i].insert(name);
            is_set = true;
        }
    if (!is_set && !class_of(name) && !is_computed(name) && !is_of_service(name))
        output.warn(directory_ + (scope == in_main ? "/main.cf" : "/master.cf") +
                    ": undefined parameter: " + name);
}

std::optional<NameClass> Names::class_of(std::string_view name) const {
    if (param::find(name)) return builtin;
    for (const MasterEntry& entry : services_)
        if (config::service_default(name, entry.name(), entry.words[command_field])) return service;
    if (config::find_foreign(name)) return builtin;
    if (user_.contains(name)) return user;
    return std::nullopt;
}

std::optional<std::string_view> Names::default_of(std::string_view name) const {
    if (const param::Info* info = param::find(name)) return info->default_text;
    for (const MasterEntry& entry : services_)
        if (auto text = config::service_default(name, entry.name(), entry.words[command_field])) return text;
    return std::nullopt;
}

std::set<std::string> Names::all(unsigned classes) const {
    std::set<std::string> names;
    auto take = [&](std::string_view name) {
        auto of = class_of(name);
        if (of && (classes & *of)) names.emplace(name);
    };
    for (const param::Info& info : param::all) take(info.name);
    for (const auto& [name, value] : set_) take(name);
    for (const MasterEntry& entry : services_)
        for (const config::ServiceSuffix& row : config::service_suffixes(entry.words[command_field]))
            take(entry.name() + std::string(row.suffix));
    return names;
}

void Names::tell(const std::string& name, const std::string& value, const char* file, bool known,
                 Output& output) const {
    std::string where = directory_ + file + ": ", setting = name + "=" + value;
    std::optional<config::ForeignName> foreign = config::find_foreign(name);
    bool without_effect =
        foreign ? foreign->kind != config::Foreign::heeded : class_of(name) == service && !param::find(name);
    if (!known)
        output.warn(where + "unused parameter: " + setting);
    else if (without_effect)
        output.warn(where + "parameter has no effect here: " + setting);
}

void Names::tell_unused_in_main(Output& output) const {
    for (const auto& [name, value] : set_) tell(name, value, "/main.cf", class_of(name).has_value(), output);
}

void Names::tell_unused_in_master(Output& output) const {
    for (std::size_t i = 0; i < services_.size(); ++i)
        for (const auto& [name, value] : services_[i].overrides())
            tell(name, value, "/master.cf", class_of(name) || user_of_[i].contains(name), output);
}

}  // namespace ekiden::ekiconf
