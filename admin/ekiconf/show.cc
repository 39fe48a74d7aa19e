// Defaults that depend on this host (myhostname, mydomain) are shown by value, as postconf shows them.
#include "admin/ekiconf/show.h"

#include <algorithm>
#include <set>

#include "common/config/check.h"
#include "common/config/check_names.h"
#include "common/config/expand.h"
#include "common/config/main_cf.h"
#include "common/config/master_cf.h"
#include "common/config/table_reference.h"
#include "common/text/ascii.h"

namespace ekiden::ekiconf {
namespace {

constexpr std::size_t fold_width = 60;  // postconf -f breaks lines at this column

Output fatal(const std::string& text) { return {"", "ekiconf: fatal: " + text + "\n", 1}; }

std::string fold(const std::string& line) {
    std::string out;
    std::size_t column = 0;
    for (std::string_view word : text::split(line, " \t")) {
        if (!out.empty()) {
            bool breaks = column + 1 + word.size() > fold_width;
            out += breaks ? "\n    " : " ";
            column = breaks ? 4 : column + 1;
        }
        out += word;
        column += word.size();
    }
    return out;
}

class Shower {
  public:
    explicit Shower(const Options& options) : options_(options) {}

    Output parameters() {
        if (!options_.only_defaults) {
            std::string path = options_.directory + "/main.cf";
            Result<std::string> content = config::read_file(path);
            if (!content) return fatal(content.error().text);
            main_ = config::MainCf::parse(*content, path, findings_);
            warn_of_names();
        }
        std::vector<Problem> ignored;
        RawValues overrides = options_.overrides;
        overrides.try_emplace("config_directory", options_.directory);
        settings_ = Settings::lenient(main_.values(), overrides, ignored);
        for (const std::string& name : chosen()) one(name);
        return std::move(output_);
    }

  private:
    void warn(const std::string& text) { output_.err += "ekiconf: warning: " + text + "\n"; }

    void warn_of_names() {
        std::string path = options_.directory + "/master.cf";
        Result<std::string> content = config::read_file(path);
        std::vector<config::Finding> ignored;
        auto services = config::parse_master_cf(content ? *content : "", path, ignored);
        config::check_names(main_, services, options_.directory + "/main.cf", path, findings_);
        if (options_.quiet) return;
        for (config::Finding& finding : findings_) {
            if (finding.severity == config::Severity::warning) finding.remedy.clear();
            warn(format(finding));
        }
    }

    bool is_set(std::string_view name) const {
        return main_.find(name) || options_.overrides.contains(std::string(name));
    }

    std::vector<std::string> chosen() {
        if (!options_.names.empty()) return options_.names;
        std::set<std::string> names;
        for (const param::Info& info : param::all) names.emplace(info.name);
        if (!options_.only_defaults)
            for (const config::MainCfEntry& entry : main_.entries()) names.insert(entry.name);
        if (options_.only_set)
            std::erase_if(names, [this](const std::string& name) { return !is_set(name); });
        return {names.begin(), names.end()};
    }

    void one(const std::string& name) {
        const param::Info* info = param::find(name);
        if (!info && (options_.only_defaults || !is_set(name))) return warn(name + ": unknown parameter");
        if (options_.only_set && !is_set(name)) return;
        std::string value =
            options_.only_defaults ? std::string(info->default_text) : settings_.raw(name).value_or("");
        if (options_.expand || value == "$system_hostname" || value == "$myhostname_parent")
            value = expanded(name, value);
        std::string line = options_.value_only ? value : options_.name_only ? name : name + " = " + value;
        while (!options_.value_only && line.ends_with(' ')) line.pop_back();
        output_.out += (options_.fold ? fold(line) : line) + "\n";
    }

    std::string expanded(const std::string& name, const std::string& value) {
        Result<std::string> text = settings_.expand(value);
        if (text) return *text;
        warn(name + ": " + text.error().text);
        return value;
    }

    const Options& options_;
    config::MainCf main_;
    std::vector<config::Finding> findings_;
    Settings settings_;
    Output output_;
};

// The eight columns where master.cf(5) has them.
std::string service_line(const config::ServiceEntry& service, bool folded) {
    constexpr std::array<std::size_t, 8> goals{0, 11, 17, 25, 33, 41, 49, 57};
    std::string line;
    for (std::size_t i = 0; i < goals.size(); ++i) {
        if (i > 0) line += ' ';
        while (line.size() < goals[i]) line += ' ';
        line += service.fields[i];
    }
    constexpr std::string_view option = " -o ", folded_option = "\n    -o ";
    for (std::size_t at = 0; folded && (at = line.find(option, at)) != std::string::npos;
         at += folded_option.size())
        line.replace(at, option.size(), folded_option);
    return line;
}

// "name", "name/type"; * stands for any.
bool fits(std::string_view pattern, const config::ServiceEntry& service) {
    auto same = [](std::string_view part, std::string_view text) { return part == "*" || part == text; };
    std::size_t slash = pattern.rfind('/');
    std::string_view type = slash == std::string_view::npos ? "*" : pattern.substr(slash + 1);
    return same(pattern.substr(0, slash), service.name) && same(type, service.fields[1]);
}

Output services(const Options& options) {
    Output output;
    std::string path = options.directory + "/master.cf";
    Result<std::string> content = config::read_file(path);
    if (!content) return fatal(content.error().text);
    std::vector<config::Finding> findings;
    auto entries = config::parse_master_cf(*content, path, findings);
    for (const config::Finding& finding : findings) {
        bool bad = finding.severity == config::Severity::error;
        output.err += std::string("ekiconf: ") + (bad ? "fatal: " : "warning: ") + format(finding) + "\n";
        if (bad) output.status = 1;
    }
    std::set<std::string> unmatched(options.names.begin(), options.names.end());
    for (const config::ServiceEntry& entry : entries) {
        bool wanted = std::ranges::any_of(options.names, [&](const auto& name) { return fits(name, entry); });
        std::erase_if(unmatched, [&](const std::string& name) { return fits(name, entry); });
        if (wanted || options.names.empty()) output.out += service_line(entry, options.fold) + "\n";
    }
    for (const std::string& name : unmatched)
        output.err += "ekiconf: warning: unmatched request: \"" + name + "\"\n";
    return output;
}

Output table_types() {
    Output output;
    for (const config::TableType& type : config::table_types()) output.out += std::string(type.name) + "\n";
    return output;
}

}  // namespace

Output show(const Options& options) {
    if (options.mode == Mode::services) return services(options);
    if (options.mode == Mode::table_types) return table_types();
    return Shower(options).parameters();
}

}  // namespace ekiden::ekiconf
