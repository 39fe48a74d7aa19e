#include "admin/ekiden/upgrade_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "common/config/known_names.h"
#include "common/config/logical_lines.h"
#include "common/config/main_cf.h"
#include "common/config/main_cf_edit.h"
#include "common/config/master_cf.h"
#include "common/process/privileges.h"
#include "common/text/ascii.h"

namespace ekiden::admin {
namespace {

using config::ServiceEntry;
using config::ServiceType;

// What to do with physical lines, by their numbers.
class Lines {
  public:
    explicit Lines(std::string_view content) : content_(content), lines_(config::physical_lines(content)) {}

    std::string_view line(int number) const { return lines_[static_cast<std::size_t>(number - 1)]; }
    // The definition in these lines becomes this one; comments within it stay.
    void replace(int first, int last, std::string text) {
        for (int number = first; number <= last; ++number) dropped_.insert(number);
        replaced_[first] = std::move(text);
    }
    void comment_out(int first, int last) {
        for (int number = first; number <= last; ++number) commented_.insert(number);
    }
    void append(const std::string& line) { appended_ += line + "\n"; }

    std::string print() const {
        if (replaced_.empty() && commented_.empty() && appended_.empty()) return std::string(content_);
        std::string out;
        for (int number = 1; number <= static_cast<int>(lines_.size()); ++number) {
            bool meant = !config::is_comment_or_empty(line(number));
            if (auto now = replaced_.find(number); now != replaced_.end())
                out += now->second + "\n";
            else if (meant && commented_.contains(number))
                out.append("#").append(line(number)) += '\n';
            else if (!meant || !dropped_.contains(number))
                out.append(line(number)) += '\n';
        }
        return out + appended_;
    }

  private:
    std::string_view content_;
    std::vector<std::string_view> lines_;
    std::map<int, std::string> replaced_;
    std::set<int> dropped_, commented_;
    std::string appended_;
};

class MainUpgrade {
  public:
    explicit MainUpgrade(std::string_view content)
        : lines_(content), file_(config::MainCf::parse(content, "", ignored_)) {}

    Upgraded run() {
        if (const config::MainCfEntry* old = file_.find("virtual_maps"))
            rename("virtual_maps", "virtual_alias_maps", old->value);
        for (const char* program : {"smtpd", "smtp"}) take_tls_switches(program);
        return {lines_.print(), std::move(changes_)};
    }

  private:
    // Nothing: not yes or no, as far as can be seen here.
    std::optional<bool> yes_or_no(const std::string& name) const {
        const config::MainCfEntry* entry = file_.find(name);
        if (!entry) return false;
        if (text::equal_ignoring_case(entry->value, "yes")) return true;
        if (text::equal_ignoring_case(entry->value, "no")) return false;
        return std::nullopt;
    }

    // smtpd_use_tls and smtpd_enforce_tls were switches; what they switched is a level.
    void take_tls_switches(const std::string& program) {
        std::string use = program + "_use_tls", enforce = program + "_enforce_tls",
                    level = program + "_tls_security_level";
        std::optional<bool> uses = yes_or_no(use), enforces = yes_or_no(enforce);
        if (!uses || !enforces) return;
        if (*enforces)
            rename(enforce, level, "encrypt");
        else if (*uses)
            rename(use, level, "may");
        for (const std::string& name : {use, enforce})
            if (file_.find(name) && !renamed_.contains(name)) comment_out(name, "it has no effect");
    }

    void rename(const std::string& name, const std::string& now, const std::string& value) {
        renamed_.insert(name);
        if (file_.find(now)) return comment_out(name, now + " is set");
        const config::MainCfEntry* counts = file_.find(name);
        for (const config::MainCfEntry& entry : file_.entries())
            if (entry.name == name && &entry != counts) lines_.comment_out(entry.first_line, entry.last_line);
        lines_.replace(counts->first_line, counts->last_line, now + " = " + value);
        changes_.push_back(fmt::format("line {}: {} is now {} = {}", counts->first_line, name, now, value));
    }

    void comment_out(const std::string& name, const std::string& why) {
        for (const config::MainCfEntry& entry : file_.entries()) {
            if (entry.name != name) continue;
            lines_.comment_out(entry.first_line, entry.last_line);
            changes_.push_back(fmt::format("line {}: {} is now a comment: {}", entry.first_line, name, why));
        }
    }

    std::vector<config::Finding> ignored_;
    Lines lines_;
    config::MainCf file_;
    std::set<std::string> renamed_;
    std::vector<std::string> changes_;
};

// A service as it comes with this version.
struct Service {
    std::string_view name;
    std::string_view columns;  // from the type to the process limit
    std::string_view program;
};

constexpr Service services_of_today[] = {
    {"pop3-session", "unix  -       -      n      -      1", "pop3d-session"},
    {"authd", "unix  -       -      n      -      1", "authd"},
    {"pam", "unix  -       n      n      -      1", "pam-helper"},
    {"session-starter", "unix  -       n      n      -      1", "session-starter"},
    {"qmgr", "unix  -       -      n      -      1", "manager"},
    {"rewrite", "unix  -       -      n      -      1", "router"},
    {"relay", "unix  -       -      y      -      1", "relay"},
    {"resolver", "unix  -       -      y      -      1", "resolver"},
    {"virtual", "unix  -       n      n      -      1", "local-delivery"},
    {"pickup", "unix  -       -      n      60     1", "pickup"},
    {"postlog", "unix  -       -      n      -      1", "logger"},
};

class MasterUpgrade {
  public:
    MasterUpgrade(std::string_view content, const Settings& settings)
        : settings_(settings),
          lines_(content),
          logical_(config::logical_lines(content)),
          services_(config::parse_master_cf(content, "", ignored_)) {}

    Upgraded run() {
        for (const ServiceEntry& service : services_)
            if (process::row_of_program(service.command)) keep(service);
        for (const ServiceEntry& service : services_)
            if (!process::row_of_program(service.command)) look_at(service);
        for (const Service& service : services_of_today)
            if (is_missing(service)) add(service);
        return {lines_.print(), std::move(changes_)};
    }

  private:
    void keep(const ServiceEntry& service) {
        programs_.insert(service.command);
        names_.insert({service.name, service.type});
    }

    void look_at(const ServiceEntry& service) {
        const config::ForeignProgram* foreign = config::find_foreign_program(service.command);
        // What pipe did nobody here does: whoever wrote the line decides.
        if (!foreign || service.command == "pipe") {
            names_.insert({service.name, service.type});
            return;
        }
        std::string instead(service.command == "lmtp" ? "relay" : foreign->instead);
        if (instead.empty())
            comment_out(service, "the service is not needed");
        else if (programs_.contains(instead))
            comment_out(service, fmt::format("{} does its work", instead));
        else
            convert(service, instead);
    }

    std::pair<int, int> extent_of(const ServiceEntry& service) const {
        for (const config::LogicalLine& line : logical_)
            if (line.first == service.line) return {line.first, line.last};
        return {service.line, service.line};
    }

    void comment_out(const ServiceEntry& service, const std::string& why) {
        auto [first, last] = extent_of(service);
        lines_.comment_out(first, last);
        changes_.push_back(fmt::format("line {}: service {} is now a comment: {}", first, service.name, why));
    }

    // The eighth word, wherever in the lines of the entry it stands.
    void convert(const ServiceEntry& service, const std::string& program) {
        auto [first, last] = extent_of(service);
        int word = 0;
        for (int number = first; number <= last; ++number) {
            std::string line(lines_.line(number));
            if (config::is_comment_or_empty(line)) continue;
            for (std::size_t at = line.find_first_not_of(blanks); at != std::string::npos;) {
                std::size_t end = std::min(line.find_first_of(blanks, at), line.size());
                if (++word == 8) {
                    lines_.replace(number, number, line.replace(at, end - at, program));
                    programs_.insert(program);
                    names_.insert({service.name, service.type});
                    changes_.push_back(fmt::format("line {}: the program of service {} is now {}", number,
                                                   service.name, program));
                    return;
                }
                at = line.find_first_not_of(blanks, end);
            }
        }
    }

    bool is_missing(const Service& service) const {
        if (programs_.contains(service.program)) return false;
        if (service.program == "pop3d-session") return programs_.contains("pop3d");
        const process::Row* row = process::row_of_program(service.program);
        return row->only_with == nullptr || settings_[*row->only_with];
    }

    void add(const Service& service) {
        std::string_view name = names_.contains({std::string(service.name), ServiceType::unix_socket})
                                    ? service.program
                                    : service.name;
        std::string line = fmt::format("{:<15} {:<42} {}", name, service.columns, service.program);
        lines_.append(line);
        changes_.push_back("added: " + line);
    }

    static constexpr std::string_view blanks = " \t\r";

    const Settings& settings_;
    std::vector<config::Finding> ignored_;
    Lines lines_;
    std::vector<config::LogicalLine> logical_;
    std::vector<ServiceEntry> services_;
    std::set<std::string, std::less<>> programs_;
    std::set<std::pair<std::string, ServiceType>> names_;
    std::vector<std::string> changes_;
};

}  // namespace

Upgraded upgrade_main_cf(std::string_view content) { return MainUpgrade(content).run(); }

Upgraded upgrade_master_cf(std::string_view content, const Settings& settings) {
    return MasterUpgrade(content, settings).run();
}

}  // namespace ekiden::admin
