#include "common/config/finding.h"

#include <algorithm>

namespace ekiden::config {

namespace {

// A value may be as long as a file; of what is wrong with it the beginning says enough.
constexpr std::size_t longest_text = 1000;

std::string within_reason(const std::string& text) {
    return text.size() <= longest_text ? text : text.substr(0, longest_text) + " ...";
}

}  // namespace

std::string format(const Finding& finding) {
    std::string out = finding.file;
    if (finding.line > 0) out += ", line " + std::to_string(finding.line);
    if (!out.empty()) out += ": ";
    out += within_reason(finding.text);
    if (!finding.remedy.empty()) out += " (" + within_reason(finding.remedy) + ")";
    return out;
}

bool has_errors(const std::vector<Finding>& findings) {
    return std::any_of(findings.begin(), findings.end(),
                       [](const Finding& finding) { return finding.severity == Severity::error; });
}

void shorten(std::vector<Finding>& findings) {
    constexpr std::size_t most = 100;  // of each
    std::size_t errors = 0, warnings = 0;
    std::erase_if(findings, [&](const Finding& finding) {
        return ++(finding.severity == Severity::error ? errors : warnings) > most;
    });
    auto count_rest = [&](Severity severity, std::size_t count, const std::string& what) {
        if (count > most)
            findings.push_back(
                {severity, "", 0, std::to_string(count - most) + " more " + what + " are not shown", ""});
    };
    count_rest(Severity::error, errors, "errors");
    count_rest(Severity::warning, warnings, "warnings");
}

}  // namespace ekiden::config
