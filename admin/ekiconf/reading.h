#pragma once
// What every listing reads: main.cf with -o on top, and the services of master.cf.
#include <optional>
#include <string>
#include <vector>

#include "admin/ekiconf/names.h"

namespace ekiden::ekiconf {

class Reading {
  public:
    // Reads both files; `output` has failed where one cannot be used. `needs_master`: a master.cf that is not
    // there is fatal, else a warning; `with_main`: -d looks at defaults alone.
    Reading(const Options& options, bool with_main, bool needs_master, Output& output);
    Reading(const Reading&) = delete;

    const Names& names() const { return *names_; }
    const std::vector<MasterEntry>& services() const { return services_; }
    bool is_set(const std::string& name) const { return set_.contains(name); }
    // As it stands there, or its default.
    std::optional<std::string> raw(std::string_view name) const;
    // With what it refers to put in; `local` are a service's -o. Errors name the circle or the bad syntax.
    Result<std::string> expand(std::string_view text, const RawValues* local = nullptr) const;
    Result<std::string> expanded(std::string_view name) const;
    // For -v: main.cf's line, -o, or the default.
    std::string origin(const std::string& name) const;

  private:
    bool read_main(Output& output);
    bool read_master(bool needed, Output& output);
    bool check_syntax(Output& output) const;

    const Options& options_;
    std::string main_path_, master_path_;
    std::map<std::string, int, std::less<>> lines_;  // of main.cf
    RawValues set_;
    Settings settings_;
    std::vector<MasterEntry> services_;
    std::optional<Names> names_;
};

}  // namespace ekiden::ekiconf
