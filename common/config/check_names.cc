#include "common/config/check_names.h"

#include <algorithm>
#include <set>

#include "common/config/expand.h"
#include "common/config/known_names.h"
#include "common/config/service_names.h"

namespace ekiden::config {
namespace {

using Names = std::set<std::string, std::less<>>;

// Names that some parameter of ours leads to, directly or by way of others. What only names each other is
// used by nobody.
Names used_names(const MainCf& main, const std::vector<ServiceEntry>& services) {
    Names used;
    std::vector<std::string> waiting;
    auto use = [&](std::string_view value) {
        for (std::string& name : references(value))
            if (used.insert(name).second) waiting.push_back(std::move(name));
    };
    auto begin = [&](std::string_view name, std::string_view value) {
        if (param::find(name) || find_foreign(name)) use(value);
    };
    for (const MainCfEntry& entry : main.entries()) begin(entry.name, entry.value);
    for (const ServiceEntry& service : services)
        for (const auto& [name, value] : service.overrides) begin(name, value);
    while (!waiting.empty()) {
        std::string name = std::move(waiting.back());
        waiting.pop_back();
        if (const MainCfEntry* entry = main.find(name)) use(entry->value);
        for (const ServiceEntry& service : services)
            if (auto set = service.overrides.find(name); set != service.overrides.end()) use(set->second);
    }
    return used;
}

bool is_of_a_service(std::string_view name, const std::vector<ServiceEntry>& services) {
    return std::any_of(services.begin(), services.end(), [&](const ServiceEntry& service) {
        return service_default(name, service.name, service.command).has_value();
    });
}

void check_name(const std::string& name, const std::string& value, const Names& used, bool of_a_service,
                const std::string& file, int line, std::vector<Finding>& findings) {
    if (param::find(name)) return;
    std::string setting = name + "=" + value;
    std::optional<ForeignName> foreign = find_foreign(name);
    bool says_nothing = !foreign || (foreign->kind == Foreign::harmless && foreign->instead.empty());
    if (says_nothing && of_a_service) {
        findings.push_back({Severity::warning, file, line, "parameter has no effect here: " + setting,
                            "the default_… parameter of that name holds for all transports"});
        return;
    }
    if (!foreign) {
        if (!used.contains(name))
            findings.push_back(
                {Severity::warning, file, line, "unused parameter: " + setting, "no program reads it"});
        return;
    }
    if (foreign->kind == Foreign::heeded) return;
    bool asks = foreign->kind == Foreign::unsupported && !value.empty() && value != "no";
    std::string remedy(!foreign->instead.empty() ? foreign->instead : asks ? "remove it" : "");
    if (asks)
        findings.push_back({Severity::error, file, line, "unsupported parameter: " + setting, remedy});
    else
        findings.push_back(
            {Severity::warning, file, line, "parameter has no effect here: " + setting, remedy});
}

}  // namespace

void check_names(const MainCf& main, const std::vector<ServiceEntry>& services, const std::string& main_path,
                 const std::string& master_path, std::vector<Finding>& findings) {
    Names used = used_names(main, services);
    for (const MainCfEntry& entry : main.entries())
        if (main.find(entry.name) == &entry)
            check_name(entry.name, entry.value, used, is_of_a_service(entry.name, services), main_path,
                       entry.first_line, findings);
    for (const ServiceEntry& service : services)
        for (const auto& [name, value] : service.overrides)
            check_name(name, value, used, is_of_a_service(name, services), master_path,
                       service.override_lines.find(name)->second, findings);
}

}  // namespace ekiden::config
