#include "admin/ekiconf/output.h"

#include "common/text/ascii.h"

namespace ekiden::ekiconf {
namespace {

constexpr std::size_t longest = 100'000;  // octets of a warning

std::string told(std::string_view text) { return text::printable(text, longest) + "\n"; }

}  // namespace

void Output::line(std::string_view text, bool fold) {
    std::size_t column = 0;
    for (const std::string& word : text::split(text, " \t\r\n")) {
        if (column > 0) {
            bool breaks = fold && column + word.size() >= line_limit;
            out += breaks ? "\n" + std::string(indent, ' ') : " ";
            column = breaks ? indent : column + 1;
        }
        out += word;
        column += word.size();
    }
    out += '\n';
}

void Output::warn(std::string_view text) { err += "ekiconf: warning: " + told(text); }

void Output::fail(std::string_view text) {
    out.clear();
    err += "ekiconf: fatal: " + told(text);
    status = 1;
}

bool Output::fail_or_warn(const std::vector<config::Finding>& findings) {
    for (config::Finding finding : findings) {
        finding.remedy.clear();
        if (finding.severity == config::Severity::warning) {
            warn(format(finding));
            continue;
        }
        fail(format(finding));
        return true;
    }
    return false;
}

std::string_view bare(std::string_view error_text) {
    constexpr std::string_view cannot = "cannot ";
    if (error_text.starts_with(cannot)) error_text.remove_prefix(cannot.size());
    return error_text;
}

}  // namespace ekiden::ekiconf
