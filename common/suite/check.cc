// How: a program's reader stops at the first thing that is wrong. To tell all of them at once, the parameter
// to blame gets its default, and the reader is run again.
#include "common/suite/check.h"

#include <unistd.h>

#include <set>

#include "common/config/bad_parameter.h"
#include "common/config/cause.h"
#include "common/config/table_reference.h"
#include "common/process/privileges.h"
#include "common/suite/readers.h"
#include "common/suite/table_check.h"

namespace ekiden::suite {
namespace {

using config::Finding;
using config::ServiceEntry;
using config::Severity;
using config::Snapshot;

constexpr int most_attempts = 100;  // of one service's reader

class Checker {
  public:
    Checker(config::Checked& checked, const std::string& directory)
        : checked_(checked),
          snapshot_(*checked.snapshot),
          main_path_(directory + "/main.cf"),
          master_path_(directory + "/master.cf") {}

    void run() {
        TableCheck tables(snapshot_, checked_.findings);
        if (Result<Settings> settings = snapshot_.settings())
            tables.run(*settings, [&](std::string_view name) { return place_of(name, nullptr); });
        for (const ServiceEntry& service : snapshot_.services) {
            const process::Row* row = process::row_of_program(service.command);
            if (!row) {
                add({Severity::error, master_path_, service.line,
                     "service " + service.name + ": there is no program \"" + service.command + "\"", ""});
                continue;
            }
            check_type(service, *row);
            if (Result<Settings> settings = snapshot_.settings_of(service))
                tables.run(*settings, [&](std::string_view name) { return place_of(name, &service); });
            check_options(service, *row);
        }
    }

  private:
    void add(Finding finding) {
        if (told_.insert(format(finding)).second) checked_.findings.push_back(std::move(finding));
    }

    Place place_of(std::string_view parameter, const ServiceEntry* service) const {
        if (service)
            if (auto set = service->override_lines.find(parameter); set != service->override_lines.end())
                return {master_path_, set->second};
        return {main_path_,
                checked_.main.line_of(config::cause_of(std::string(parameter), snapshot_.main_cf))};
    }

    // A worker that nobody can reach would be started in vain.
    void check_type(const ServiceEntry& service, const process::Row& row) {
        bool inet = service.type == config::ServiceType::inet;
        std::string what = "service " + service.name + ": ";
        if (row.speaks_tls && !inet)
            add({Severity::error, master_path_, service.line,
                 what + service.command + " listens on ports only",
                 "write [host:]port and inet in the first two columns"});
        if (!row.speaks_tls && (inet || service.type == config::ServiceType::pass))
            add({Severity::error, master_path_, service.line,
                 what + service.command + " takes no connections from outside",
                 "write unix in the second column"});
    }

    void check_options(const ServiceEntry& service, const process::Row& row) {
        RawValues set = snapshot_.main_cf;
        for (const auto& [name, value] : snapshot_.overrides_of(service)) set[name] = value;
        for (int attempt = 0; attempt < most_attempts; ++attempt) {
            Result<Settings> settings = Settings::make(set);
            Result<> read = settings
                                ? read_options(row.service, *settings, {&snapshot_.files}, geteuid() == 0)
                                : Result<>(pass(settings));
            if (read) return;
            std::optional<config::Blame> blame = config::blame_of(read.error());
            if (!blame)
                return add({Severity::error, master_path_, service.line,
                            "service " + service.name + ": " + read.error().text, ""});
            std::string cause = config::cause_of(blame->parameter, set);
            Place place = place_of(cause, &service);
            add({Severity::error, place.file, place.line, "in parameter " + cause + ": " + blame->what, ""});
            if (set.erase(cause) == 0) return;  // the default itself cannot be used
        }
    }

    config::Checked& checked_;
    const Snapshot& snapshot_;
    const std::string main_path_, master_path_;
    std::set<std::string> told_;
};

}  // namespace

config::Checked check(const std::string& config_directory, std::uint64_t generation) {
    config::Checked checked = config::check(config_directory, generation);
    if (checked.snapshot) Checker(checked, config_directory).run();
    if (config::has_errors(checked.findings)) checked.snapshot.reset();
    config::shorten(checked.findings);
    return checked;
}

}  // namespace ekiden::suite
