#include "common/config/read_leniently.h"

#include "common/config/check.h"
#include "common/config/main_cf.h"

namespace ekiden::config {

Result<Settings> read_leniently(const std::string& directory, RawValues overrides) {
    std::string path = directory + "/main.cf";
    Result<std::string> content = read_file(path);
    if (!content) return pass(content);
    overrides["config_directory"] = directory;
    std::vector<Finding> findings;
    std::vector<Problem> problems;
    return Settings::lenient(MainCf::parse(*content, path, findings).values(), overrides, problems);
}

}  // namespace ekiden::config
