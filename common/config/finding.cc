#include "common/config/finding.h"

#include <algorithm>

namespace ekiden::config {

std::string format(const Finding& finding) {
    std::string out = finding.file;
    if (finding.line > 0) out += ", line " + std::to_string(finding.line);
    if (!out.empty()) out += ": ";
    out += finding.text;
    if (!finding.remedy.empty()) out += " (" + finding.remedy + ")";
    return out;
}

bool has_errors(const std::vector<Finding>& findings) {
    return std::any_of(findings.begin(), findings.end(),
                       [](const Finding& finding) { return finding.severity == Severity::error; });
}

}  // namespace ekiden::config
