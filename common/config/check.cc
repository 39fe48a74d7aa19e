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
#include "common/config/bounce_templates.h"
#include "common/config/built_table.h"
#include "common/config/cause.h"
#include "common/config/check_names.h"
#include "common/config/expand.h"
#include "common/config/known_names.h"
#include "common/config/logical_lines.h"
#include "common/config/main_cf.h"
#include "common/config/table_reference.h"
#include "common/config/tls_versions.h"
#include "common/log/facility.h"
#include "common/text/ascii.h"

namespace ekiden::config {
namespace {

// Of a path that cannot be used, octets.
constexpr std::size_t shown = 200;

constexpr auto error = Severity::error;
constexpr auto warning = Severity::warning;

constexpr int deepest_file = 5;  // files of lists may name files

// Parameters of whose values each word is one of a few, where the programs look for those they know.
struct Choice {
    std::string_view parameter;
    std::vector<std::string_view> words;
};

constexpr const Param<List>* user_lists[] = {&param::authorized_submit_users, &param::authorized_mailq_users,
                                             &param::authorized_flush_users};

const std::vector<Choice>& choices() {
    static const std::vector<std::string_view> sasl{"noplaintext", "noactive",        "nodictionary",
                                                    "noanonymous", "forward_secrecy", "mutual_auth"};
    static const std::vector<Choice> table{
        {"inet_protocols", {"all", "ipv4", "ipv6"}},
        {"notify_classes",
         {"2bounce", "bounce", "data", "delay", "policy", "protocol", "resource", "software"}},
        {"smtp_sasl_security_options", sasl},
        {"smtp_sasl_tls_security_options", sasl},
        {"default_database_type", {"btree", "hash"}},
        {"mailbox_delivery_lock", {"fcntl", "flock", "dotlock"}},
    };
    return table;
}

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
        Checked result{std::move(findings_), std::nullopt, std::move(main_)};
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
        read_origin();
        // Fixed here, so that every child has the same name for this host, whatever happens to it later.
        snapshot_.main_cf.try_emplace("system_hostname", system_hostname());
        Result<std::string> master = read_file(master_path_);
        if (!master) add(error, "", 0, master.error().text);
        snapshot_.services = parse_master_cf(master ? *master : "", master_path_, findings_);
    }

    // `myorigin = /etc/mailname`, as Debian writes it: the name stands in that file's first line. Read here
    // once for all, most of whom may open no files.
    void read_origin() {
        auto place = snapshot_.main_cf.find(param::myorigin.name);
        if (place == snapshot_.main_cf.end() || !place->second.starts_with('/')) return;
        Result<std::string> content = read_file(place->second);
        if (!content)
            return add(error, main_path_, main_.line_of(param::myorigin.name),
                       "in parameter myorigin: " + content.error().text,
                       "write the domain into it, or name it in main.cf");
        place->second = text::trim(content->substr(0, content->find('\n')));
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
            // Else a text that its default takes over can be right for a text and wrong for a list.
            add(error, main_path_,
                line ? line : main_.line_of(cause_of(problem.parameter, snapshot_.main_cf)),
                line ? problem.text : problem.parameter + ": " + problem.text);
        }
        // Names of the administrator's own are read by nobody here until something refers to them.
        for (const MainCfEntry& entry : main_.entries()) {
            if (param::find(entry.name) || find_foreign(entry.name)) continue;
            Result<std::string> expanded = expand_value_of(
                entry.name, entry.value, [&](std::string_view name) { return settings.raw(name); });
            if (!expanded) add(error, main_path_, entry.first_line, expanded.error().text);
        }
        // A default that takes another parameter over is wrong where that one is set.
        auto line_of = [this](std::string_view name) {
            return std::pair(main_path_, main_.line_of(cause_of(std::string(name), snapshot_.main_cf)));
        };
        settings_.emplace(std::move(settings));
        check_values(*settings_, line_of, nullptr);
    }

    // What is right in form but cannot be meant. With a service, only what its overrides change is looked at.
    template <class Where>
    void check_values(const Settings& settings, Where&& where, const ServiceEntry* service) {
        auto looked_at = [&](std::string_view name) { return !service || service->overrides.contains(name); };
        for (const Choice& choice : choices())
            if (looked_at(choice.parameter))
                check_choice(settings.text(choice.parameter), choice, where(choice.parameter));
        const std::string& facility = settings[param::syslog_facility];
        if (looked_at(param::syslog_facility.name) && !log::facility_named(facility)) {
            auto [file, line] = where(param::syslog_facility.name);
            add(error, file, line,
                "in parameter syslog_facility: no facility \"" + text::printable(facility, 60) + "\"",
                "mail, daemon, user, auth or local0 to local7");
        }
        if (looked_at(param::bounce_template_file.name))
            check_bounce_templates(settings, where(param::bounce_template_file.name));
        for (const Param<List>* list : tls_version_lists)
            if (looked_at(list->name)) check_tls_versions(settings[*list], list->name, where(list->name));
        for (const param::Info& info : param::all)
            if (info.type == param::Type::list && looked_at(info.name))
                check_tables(settings, info, where(info.name));
        for (const Param<List>* list : user_lists)
            if (looked_at(list->name)) check_user_list(settings[*list], list->name, where(list->name));
    }

    // Those who read such a list open no tables.
    void check_user_list(const List& list, std::string_view parameter,
                         const std::pair<std::string, int>& where) {
        for (std::string_view item : list) {
            while (item.starts_with('!')) item.remove_prefix(1);
            if (!item.starts_with('/') && !item.starts_with("static:") && item.contains(':'))
                add(error, where.first, where.second,
                    "in parameter " + std::string(parameter) + ": \"" + text::printable(item, 60) +
                        "\" is a table",
                    "only users' names, /file and static:anyone are possible here");
        }
    }

    void check_bounce_templates(const Settings& settings, const std::pair<std::string, int>& where) {
        const std::string& path = settings[param::bounce_template_file];
        if (!path.empty() && take_file(path, param::bounce_template_file.name, where))
            (void)bounce_texts(settings, snapshot_.files[path], findings_);
    }

    void check_choice(const std::string& value, const Choice& choice,
                      const std::pair<std::string, int>& where) {
        std::string all;
        for (std::string_view word : choice.words) (all += all.empty() ? "" : ", ") += word;
        for (const std::string& word : text::split(value, ", \t\n"))
            if (std::ranges::none_of(choice.words,
                                     [&](auto known) { return text::equal_ignoring_case(known, word); }))
                add(error, where.first, where.second,
                    "bad value for parameter " + std::string(choice.parameter) + ": \"" +
                        text::printable(word, 60) + "\"",
                    "one of " + all);
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
        for (const std::string& item : *items)
            check_item(item, info.name, where, !info.name.starts_with("smtpd_tls_"), 0);
    }

    // A table, or a file with more items; anything else is its reader's business.
    void check_item(std::string_view item, std::string_view parameter,
                    const std::pair<std::string, int>& where, bool may_be_file, int depth) {
        while (item.starts_with('!')) item.remove_prefix(1);
        if (item.starts_with('/')) {
            std::string path(item);
            if (!may_be_file || depth > deepest_file || !take_file(path, parameter, where)) return;
            for (const LogicalLine& line : logical_lines(snapshot_.files[path])) {
                Result<List> inside = split_list(line.text);
                for (const std::string& word : inside ? *inside : List())
                    check_item(word, parameter, where, may_be_file, depth + 1);
            }
            return;
        }
        auto reference = parse_table_reference(item);
        if (reference && find_table_type(reference->type)) {
            Result<std::vector<TableReference>> leaves = leaf_tables(item);
            if (!leaves)
                return add(error, where.first, where.second,
                           "in parameter " + std::string(parameter) + ": " + leaves.error().text,
                           "ekiconf -m lists the types");
            for (const TableReference& leaf : *leaves)
                check_table(*find_table_type(leaf.type), leaf.name, parameter, where);
        } else if (parameter.ends_with("_maps")) {
            add(error, where.first, where.second,
                "in parameter " + std::string(parameter) + ": " +
                    (reference ? "unsupported dictionary type: " + reference->type
                               : "\"" + text::printable(item, 60) + "\" is no type:name table"),
                "ekiconf -m lists the types");
        }
    }

    void check_table(const TableType& type, const std::string& name, std::string_view parameter,
                     const std::pair<std::string, int>& where) {
        if (type.in_snapshot()) {
            if (has_rules_inside({std::string(type.name), name})) return;  // its reader tells of them
            take_file(name, parameter, where);
            return;
        }
        bool is_file = !type.suffix.empty() || type.name == "sqlite";
        std::string path = name + std::string(type.suffix);
        std::string what;
        if (is_file && ::access(path.c_str(), R_OK) != 0)
            what = system_error("cannot open " + path, errno).error().text;
        else if (type.suffix == ".db" && !is_built_table(path))
            what = path + " is not a table built by ekimap";
        if (what.empty()) return;
        std::string table = std::string(type.name) + ":" + name;
        if (table == param::alias_maps.default_text && !snapshot_.main_cf.contains(param::alias_maps.name))
            return without_aliases(what);
        std::string_view tool = parameter == param::alias_maps.name ? "ekialias" : "ekimap";
        add(error, where.first, where.second, "in parameter " + std::string(parameter) + ": " + what,
            !type.made_here ? "" : "run: " + std::string(tool) + " " + table);
    }

    // Nobody asked for this table by its name: a host without aliases starts all the same.
    void without_aliases(const std::string& what) {
        Finding told{warning, main_path_, 0, "in parameter alias_maps: " + what,
                     "run: newaliases; till then mail for names of this host waits"};
        bool again =
            std::ranges::any_of(findings_, [&](const Finding& each) { return each.text == told.text; });
        if (!again && !(*settings_)[param::mydestination].empty()) findings_.push_back(std::move(told));
    }

    bool take_file(const std::string& path, std::string_view parameter,
                   const std::pair<std::string, int>& where) {
        if (snapshot_.files.contains(path)) return true;
        Result<std::string> content = read_file(path);
        if (content)
            snapshot_.files[path] = std::move(*content);
        else
            add(error, where.first, where.second,
                "in parameter " + std::string(parameter) + ": " + content.error().text);
        return content.has_value();
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
        int why = errno;
        std::string reason =
            system_error("service " + service.name + ": cannot run " + text::printable(path, shown), why)
                .error()
                .text;
        const ForeignProgram* foreign = find_foreign_program(service.command);
        if (!foreign) {
            add(error, master_path_, service.line, reason,
                "programs stand in daemon_directory = " + text::printable(programs, shown));
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
    }

    void check_wholeness() {
        if (snapshot_.services.empty() && !has_errors(findings_))
            add(error, master_path_, 0, "no services are defined");
        for (std::string_view program : {"authd", "manager", "router", "logger", "pickup"}) {
            int count = 0;
            for (const ServiceEntry& service : snapshot_.services)
                if (service.command == program && ++count > 1)
                    add(error, master_path_, service.line,
                        "program " + std::string(program) + " may be run by one service only");
            if (count == 0 && program != "pickup")
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
