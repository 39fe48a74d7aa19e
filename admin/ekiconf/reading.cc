#include "admin/ekiconf/reading.h"

#include "common/config/check.h"
#include "common/config/expand.h"
#include "common/config/main_cf.h"

namespace ekiden::ekiconf {

Reading::Reading(const Options& options, bool with_main, bool needs_master, Output& output)
    : options_(options),
      main_path_(options.directory + "/main.cf"),
      master_path_(options.directory + "/master.cf") {
    if (needs_master && !read_master(true, output)) return;
    if (with_main && !read_main(output)) return;
    if (!needs_master && !read_master(false, output)) return;
    std::vector<Problem> told_by_the_check;
    settings_ = Settings::lenient(set_, {}, told_by_the_check);
    names_.emplace(set_, services_, options.directory);
    if (with_main && check_syntax(output)) names_->find_user_names(output);
}

bool Reading::read_main(Output& output) {
    Result<std::string> content = config::read_file(main_path_);
    if (!content) {
        output.fail(bare(content.error().text));
        return false;
    }
    std::vector<config::Finding> findings;
    config::MainCf main = config::MainCf::parse(*content, main_path_, findings);
    if (output.fail_or_warn(findings)) return false;
    set_ = main.values();
    for (const config::MainCfEntry& entry : main.entries()) lines_[entry.name] = entry.first_line;
    set_["config_directory"] = options_.directory;
    for (const auto& [name, value] : options_.overrides) set_[name] = value;
    return true;
}

bool Reading::read_master(bool needed, Output& output) {
    Result<std::string> content = config::read_file(master_path_);
    if (content) {
        services_ = parse_master(*content, master_path_, output);
        return output.status == 0;
    }
    if (needed)
        output.fail(bare(content.error().text));
    else
        output.warn(bare(content.error().text));
    return !needed;
}

// A value that nobody could expand is told also where it is shown as it stands.
bool Reading::check_syntax(Output& output) const {
    for (const auto& [name, value] : set_)
        if (Result<std::string> good = expanded(name); !good) {
            output.fail(origin(name) + ": in parameter " + name + ": " + good.error().text);
            return false;
        }
    return true;
}

std::optional<std::string> Reading::raw(std::string_view name) const {
    if (auto set = set_.find(name); set != set_.end()) return set->second;
    if (auto text = names_->default_of(name)) return std::string(*text);
    return settings_.raw(name);
}

Result<std::string> Reading::expand(std::string_view text, const RawValues* local) const {
    return config::expand(text, [&](std::string_view name) -> std::optional<std::string> {
        if (local)
            if (auto found = local->find(name); found != local->end()) return found->second;
        return raw(name);
    });
}

Result<std::string> Reading::expanded(std::string_view name) const {
    // Its $names are not main.cf's.
    if (const param::Info* info = param::find(name); info && info->type == param::Type::raw)
        return raw(name).value_or("");
    return config::expand_value_of(name, raw(name).value_or(""),
                                   [this](std::string_view inner) { return raw(inner); });
}

std::string Reading::origin(const std::string& name) const {
    if (options_.overrides.contains(name)) return "-o";
    auto line = lines_.find(name);
    return line == lines_.end() ? "default" : main_path_ + ", line " + std::to_string(line->second);
}

}  // namespace ekiden::ekiconf
