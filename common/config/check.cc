// One pass per question; each appends findings that carry file, line and remedy. A parameter's findings point
// to main.cf or, where a service's -o is to blame, to the service's line in master.cf.
#include "common/config/check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "common/base/owned_fd.h"
#include "common/config/check_names.h"
#include "common/config/expand.h"
#include "common/config/known_names.h"
#include "common/config/logical_lines.h"
#include "common/config/main_cf.h"
#include "common/config/restriction_names.h"
#include "common/config/table_reference.h"
#include "common/config/tls_versions.h"
#include "common/text/ascii.h"

namespace ekiden::config {
namespace {

constexpr auto error = Severity::error;
constexpr auto warning = Severity::warning;

struct Choice {
    std::string_view parameter;
    std::vector<std::string_view> values;
};

const std::vector<Choice>& choices() {
    static const std::vector<Choice> table{
        {"smtpd_tls_security_level", {"", "none", "may", "encrypt"}},
        {"submission_tls_security_level", {"may", "encrypt"}},
        {"smtp_tls_security_level", {"", "none", "may", "encrypt", "dane", "dane-only", "verify", "secure"}},
        {"smtpd_forbid_bare_newline", {"normalize", "yes", "reject", "note", "no"}},
        {"smtp_address_preference", {"any", "ipv4", "ipv6"}},
    };
    return table;
}

constexpr const Param<List>* restriction_lists[] = {
    &param::smtpd_client_restrictions,    &param::smtpd_helo_restrictions,
    &param::smtpd_sender_restrictions,    &param::smtpd_relay_restrictions,
    &param::smtpd_recipient_restrictions, &param::smtpd_data_restrictions,
    &param::submission_relay_restrictions};

bool refers_to(std::string_view parameter, const std::set<std::string, std::less<>>& names) {
    const param::Info* info = param::find(parameter);
    std::vector<std::string> used = references(info ? info->default_text : "");
    return std::any_of(used.begin(), used.end(),
                       [&](const std::string& name) { return names.contains(name); });
}

class Checker {
  public:
    Checker(std::string directory, std::uint64_t generation)
        : directory_(std::move(directory)),
          main_path_(directory_ + "/main.cf"),
          master_path_(directory_ + "/master.cf") {
        snapshot_.generation = generation;
        snapshot_.config_directory = directory_;
    }

    Checked run() {
        read_both();
        check_names(main_, snapshot_.services, main_path_, master_path_, findings_);
        check_parameters();
        check_services();
        check_wholeness();
        Checked result{std::move(findings_), std::nullopt};
        if (!has_errors(result.findings)) result.snapshot = std::move(snapshot_);
        return result;
    }

  private:
    void add(Severity severity, const std::string& file, int line, std::string text,
             std::string remedy = "") {
        findings_.push_back({severity, file, line, std::move(text), std::move(remedy)});
    }

    void read_both() {
        Result<std::string> main = read_file(main_path_);
        if (!main) add(error, "", 0, main.error().text);
        main_ = MainCf::parse(main ? *main : "", main_path_, findings_);
        snapshot_.main_cf = main_.values();
        // Fixed here, so that every child has the same name for this host, whatever happens to it later.
        snapshot_.main_cf.try_emplace("system_hostname", system_hostname());
        Result<std::string> master = read_file(master_path_);
        if (!master) add(error, "", 0, master.error().text);
        snapshot_.services = parse_master_cf(master ? *master : "", master_path_, findings_);
    }

    void check_parameters() {
        std::vector<Problem> problems;
        Settings settings =
            Settings::lenient(snapshot_.main_cf, {{"config_directory", directory_}}, problems);
        std::set<std::string, std::less<>> broken;
        for (const Problem& problem : problems) broken.insert(problem.parameter);
        for (const Problem& problem : problems) {
            known_problems_.insert(problem.parameter + problem.text);
            int line = main_.line_of(problem.parameter);
            // A default that refers to a broken parameter is not broken itself.
            if (line == 0 && refers_to(problem.parameter, broken)) continue;
            add(error, main_path_, line, line ? problem.text : problem.parameter + ": " + problem.text);
        }
        // Names of the administrator's own are read by nobody here until something refers to them.
        for (const MainCfEntry& entry : main_.entries()) {
            if (param::find(entry.name) || find_foreign(entry.name)) continue;
            Result<std::string> expanded = expand_value_of(
                entry.name, entry.value, [&](std::string_view name) { return settings.raw(name); });
            if (!expanded) add(error, main_path_, entry.first_line, expanded.error().text);
        }
        auto line_of = [this](std::string_view name) { return std::pair(main_path_, main_.line_of(name)); };
        check_values(settings, line_of, nullptr);
        check_files(settings);
        settings_.emplace(std::move(settings));
    }

    // What is right in form but cannot be meant. With a service, only what its overrides change is looked at.
    template <class Where>
    void check_values(const Settings& settings, Where&& where, const ServiceEntry* service) {
        auto looked_at = [&](std::string_view name) { return !service || service->overrides.contains(name); };
        for (const Choice& choice : choices()) {
            if (!looked_at(choice.parameter)) continue;
            std::string value = settings.text(choice.parameter);
            if (std::find(choice.values.begin(), choice.values.end(), value) != choice.values.end()) continue;
            std::string all;
            for (std::string_view good : choice.values)
                all += (all.empty() ? "" : ", ") + (good.empty() ? "(empty)" : std::string(good));
            auto [file, line] = where(choice.parameter);
            add(error, file, line,
                "bad value for parameter " + std::string(choice.parameter) + ": \"" +
                    text::printable(value, 60) + "\"",
                "one of " + all);
        }
        for (const Param<List>* list : restriction_lists) {
            if (!looked_at(list->name)) continue;
            auto [file, line] = where(list->name);
            for (std::string& wrong : check_restrictions(settings[*list]))
                add(error, file, line, "in parameter " + std::string(list->name) + ": " + wrong);
        }
        for (const Param<List>* list : tls_version_lists)
            if (looked_at(list->name)) check_tls_versions(settings[*list], list->name, where(list->name));
        for (const param::Info& info : param::all)
            if (info.type == param::Type::list && looked_at(info.name))
                check_tables(settings, info, where(info.name));
    }

    void check_tls_versions(const List& list, std::string_view parameter,
                            const std::pair<std::string, int>& where) {
        Result<TlsVersions> versions = tls_versions(list);
        std::string what = "in parameter " + std::string(parameter) + ": ";
        if (!versions)
            add(error, where.first, where.second, what + versions.error().text);
        else if (versions->asks_for_older)
            add(warning, where.first, where.second, what + "versions below TLSv1.2 are never used");
    }

    void check_tables(const Settings& settings, const param::Info& info,
                      const std::pair<std::string, int>& where) {
        Result<List> items = split_list(settings.text(info.name));
        if (!items) return;
        bool only_tables = info.name.ends_with("_maps");
        for (std::string_view item : *items) {
            while (item.starts_with('!')) item.remove_prefix(1);
            if (item.starts_with('/') && !info.name.starts_with("smtpd_tls_")) {
                take_file(std::string(item), info.name, where);
                continue;
            }
            auto reference = parse_table_reference(item);
            const TableType* type = reference ? find_table_type(reference->type) : nullptr;
            if (type) {
                check_table(*type, reference->name, info.name, where);
            } else if (only_tables) {
                add(error, where.first, where.second,
                    "in parameter " + std::string(info.name) + ": " +
                        (reference ? "unsupported dictionary type: " + reference->type
                                   : "\"" + text::printable(item, 60) + "\" is no type:name table"),
                    "ekiconf -m lists the types");
            }
        }
    }

    void check_table(const TableType& type, const std::string& name, std::string_view parameter,
                     const std::pair<std::string, int>& where) {
        if (type.in_snapshot) return take_file(name, parameter, where);
        bool is_file = !type.suffix.empty() || type.name == "sqlite";
        std::string path = name + std::string(type.suffix);
        if (!is_file || ::access(path.c_str(), R_OK) == 0) return;
        add(error, where.first, where.second,
            "in parameter " + std::string(parameter) + ": " +
                system_error("cannot open " + path, errno).error().text,
            type.suffix.empty() ? "" : "run: ekimap " + std::string(type.name) + ":" + name);
    }

    void take_file(const std::string& path, std::string_view parameter,
                   const std::pair<std::string, int>& where) {
        if (snapshot_.files.contains(path)) return;
        Result<std::string> content = read_file(path);
        if (content)
            snapshot_.files[path] = std::move(*content);
        else
            add(error, where.first, where.second,
                "in parameter " + std::string(parameter) + ": " + content.error().text);
    }

    void check_files(const Settings& settings) {
        auto readable = [&](std::string_view parameter, const std::string& path) {
            if (path.empty() || ::access(path.c_str(), R_OK) == 0) return;
            add(error, main_path_, main_.line_of(parameter),
                "in parameter " + std::string(parameter) + ": " +
                    system_error("cannot read " + path, errno).error().text);
        };
        readable("smtpd_tls_cert_file", settings[param::smtpd_tls_cert_file]);
        if (settings[param::smtpd_tls_key_file] != settings[param::smtpd_tls_cert_file])
            readable("smtpd_tls_key_file", settings[param::smtpd_tls_key_file]);
        for (const std::string& path : settings[param::smtpd_tls_chain_files])
            readable("smtpd_tls_chain_files", path);
    }

    void check_services() {
        std::set<std::pair<std::string, std::uint16_t>> endpoints;
        std::erase_if(snapshot_.services,
                      [this](const ServiceEntry& service) { return !has_program(service); });
        for (const ServiceEntry& service : snapshot_.services) {
            if (service.type == ServiceType::inet &&
                !endpoints.emplace(service.endpoint.host, service.endpoint.port).second)
                add(error, master_path_, service.line,
                    "port " + service.name + " is taken by a service above");
            check_arguments(service);
            check_service_settings(service);
        }
    }

    void check_arguments(const ServiceEntry& service) {
        for (const auto& [argument, line] : service.unknown)
            add(error, master_path_, line,
                "service " + service.name + ": unknown argument \"" + text::printable(argument, 60) +
                    "\" of " + service.command,
                "programs take -o name=value only");
        if (service.verbose > 0)
            add(warning, master_path_, service.line, "service " + service.name + ": -v has no effect here");
    }

    // False where the line is to be left out.
    bool has_program(const ServiceEntry& service) {
        const std::string& programs = (*settings_)[param::daemon_directory];
        std::string path = programs + "/" + service.command;
        if (::access(path.c_str(), X_OK) == 0) return true;
        std::string reason =
            system_error("service " + service.name + ": cannot run " + path, errno).error().text;
        const ForeignProgram* foreign = find_foreign_program(service.command);
        if (!foreign) {
            add(error, master_path_, service.line, reason,
                "programs stand in daemon_directory = " + programs);
        } else if (!foreign->instead.empty()) {
            add(error, master_path_, service.line,
                "service " + service.name + ": there is no program " + service.command,
                "its work is done by " + std::string(foreign->instead) +
                    ", see the master.cf that came with Ekiden");
        } else if (service.command == "pipe" || service.command == "lmtp") {
            add(error, master_path_, service.line, "unsupported program " + service.command,
                "remove the line");
        } else {
            add(warning, master_path_, service.line,
                "service " + service.name + " is not needed: there is no program " + service.command,
                "the line is left out");
        }
        return false;
    }

    static int line_of(const ServiceEntry& service, std::string_view parameter) {
        auto set = service.override_lines.find(parameter);
        return set == service.override_lines.end() ? service.line : set->second;
    }

    void check_service_settings(const ServiceEntry& service) {
        RawValues overrides = service.overrides;
        overrides.try_emplace("config_directory", directory_);
        std::vector<Problem> problems;
        Settings settings = Settings::lenient(snapshot_.main_cf, overrides, problems);
        for (const Problem& problem : problems)
            if (!known_problems_.contains(problem.parameter + problem.text))
                add(error, master_path_, line_of(service, problem.parameter),
                    "service " + service.name + ": " + problem.text);
        check_values(
            settings, [&](std::string_view name) { return std::pair(master_path_, line_of(service, name)); },
            &service);
        if (service.command == "smtpd" || service.command == "submission") check_relay(service, settings);
    }

    // Postfix's safety rule: a server without any of these would relay for the whole world.
    void check_relay(const ServiceEntry& service, const Settings& settings) {
        bool submission = service.command == "submission";
        const auto& relay =
            submission ? param::submission_relay_restrictions : param::smtpd_relay_restrictions;
        if (closes_relay(settings[relay]) || closes_relay(settings[param::smtpd_recipient_restrictions]))
            return;
        bool here = service.overrides.contains(relay.name) ||
                    service.overrides.contains("smtpd_recipient_restrictions");
        int line = main_.line_of(relay.name) ? main_.line_of(relay.name)
                                             : main_.line_of("smtpd_recipient_restrictions");
        std::string names;
        for (const RestrictionName& row : restriction_names())
            if (row.closes_relay) names += (names.empty() ? "" : ", ") + std::string(row.name);
        add(error, here ? master_path_ : main_path_, here ? service.line : line,
            "service " + service.name + " would be an open relay: in parameter " + std::string(relay.name) +
                " or smtpd_recipient_restrictions, specify at least one working instance of: " + names,
            "put reject_unauth_destination at the end of " + std::string(relay.name));
    }

    void check_wholeness() {
        if (snapshot_.services.empty() && !has_errors(findings_))
            add(error, master_path_, 0, "no services are defined");
        for (std::string_view program : {"authd", "manager", "router", "logger"}) {
            auto count =
                std::count_if(snapshot_.services.begin(), snapshot_.services.end(),
                              [&](const ServiceEntry& service) { return service.command == program; });
            if (count > 1)
                add(error, master_path_, 0,
                    "program " + std::string(program) + " may be run by one service only");
            if (count == 0)
                add(warning, master_path_, 0, "no service runs the program " + std::string(program),
                    "services that ask it will answer with temporary errors");
        }
        for (const std::string& network : (*settings_)[param::mynetworks])
            if (network.ends_with("/0") && !network.starts_with("!"))
                add(warning, main_path_, main_.line_of("mynetworks"),
                    "mynetworks holds " + network + ": everybody may relay");
    }

    std::string directory_, main_path_, master_path_;
    Snapshot snapshot_;
    MainCf main_;
    std::optional<Settings> settings_;
    std::set<std::string> known_problems_;
    std::vector<Finding> findings_;
};

}  // namespace

Checked check(const std::string& config_directory, std::uint64_t generation) {
    return Checker(config_directory, generation).run();
}

Result<std::string> read_file(const std::string& path) {
    OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) return system_error("cannot open " + path, errno);
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return system_error("cannot read " + path, errno);
    if (!S_ISREG(status.st_mode)) return permanent("cannot read " + path + ": not a regular file");
    std::string content;
    std::array<char, 65536> buffer{};
    while (true) {
        ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("cannot read " + path, errno);
        if (got == 0) return content;
        content.append(buffer.data(), static_cast<std::size_t>(got));
        if (content.size() > limits::configuration_file) return permanent(path + " is larger than 16 MiB");
    }
}

}  // namespace ekiden::config
