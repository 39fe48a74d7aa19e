#pragma once
// Which names are parameters in this configuration, by postconf's rules: those of the catalogue and of
// Postfix, those made of a service's name, and of the administrator's own those that are set and that some
// value refers to ($name), in main.cf or in the -o of a service.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "admin/ekiconf/master_entry.h"
#include "admin/ekiconf/options.h"
#include "common/config/settings.h"

namespace ekiden::ekiconf {

class Names {
  public:
    // `set` is what main.cf and -o set; it and the services outlive this.
    Names(const RawValues& set, const std::vector<MasterEntry>& services, const std::string& directory)
        : set_(set), services_(services), directory_(directory) {}

    // Finds the administrator's names; tells of references to what is not set.
    void find_user_names(Output& output);

    std::optional<NameClass> class_of(std::string_view name) const;
    // The default as text; nothing for names without one.
    std::optional<std::string_view> default_of(std::string_view name) const;
    // All names of these classes that have a value, in order.
    std::set<std::string> all(unsigned classes) const;

    // Names that nothing reads, and Postfix's that mean nothing here.
    void tell_unused_in_main(Output& output) const;
    void tell_unused_in_master(Output& output) const;

  private:
    void refer(const std::string& name, std::size_t scope, Output& output);
    void tell(const std::string& name, const std::string& value, const char* file, bool known,
              Output& output) const;

    const RawValues& set_;
    const std::vector<MasterEntry>& services_;
    const std::string directory_;
    std::set<std::string, std::less<>> user_;                  // of main.cf
    std::vector<std::set<std::string, std::less<>>> user_of_;  // of each service
};

}  // namespace ekiden::ekiconf
