#include "common/tables/check.h"

#include "common/tables/open.h"

namespace ekiden::tables {

config::Checked check(const std::string& config_directory, std::uint64_t generation) {
    config::Checked checked = config::check(config_directory, generation);
    if (!checked.snapshot) return checked;
    for (config::Finding& finding : check_static_tables(*checked.snapshot))
        checked.findings.push_back(std::move(finding));
    if (config::has_errors(checked.findings)) checked.snapshot.reset();
    return checked;
}

}  // namespace ekiden::tables
