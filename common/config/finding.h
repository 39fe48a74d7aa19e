#pragma once
// What is wrong with a configuration: where it stands, what it is and what to do about it. Errors keep a
// configuration from being used; warnings are only told.
#include <string>
#include <vector>

namespace ekiden::config {

enum class Severity { error, warning };

struct Finding {
    Severity severity;
    std::string file;
    int line;  // from 1; 0 where the finding belongs to no line
    std::string text;
    std::string remedy;  // empty where the text says it all
};

// "/etc/ekiden/main.cf, line 12: text (remedy)", as ekiden check and the log show it; text and
// remedy are cut at 1000 octets.
std::string format(const Finding& finding);

bool has_errors(const std::vector<Finding>& findings);

// Keeps the first 100 errors and the first 100 warnings. What is left out is counted in one more finding: a
// file that is no configuration at all has something wrong on each of its lines, and nobody reads on.
void shorten(std::vector<Finding>& findings);

}  // namespace ekiden::config
