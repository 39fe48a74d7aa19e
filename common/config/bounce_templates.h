#pragma once
// The texts of notices about mail (bounce(5)): four templates with a few header fields and a body, in which
// $name stands for a parameter, $name_days (seconds, minutes, hours, days, weeks) for a time parameter in
// that unit, and $will_retry_until for the time when a delayed message is given up.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/config/expand.h"
#include "common/config/finding.h"
#include "common/config/settings.h"

namespace ekiden::config {

namespace limits {
inline constexpr std::size_t template_line = 900;  // octets, also after expansion
inline constexpr std::size_t template_lines = 1000;
}  // namespace limits

enum class BounceClass : std::uint8_t { failure, delay, success, verify };
inline constexpr std::size_t bounce_classes = 4;
std::string_view name_of(BounceClass which);

struct BounceTemplate {
    std::string charset = "us-ascii";
    std::string from;
    std::string subject;
    std::string postmaster_subject;  // empty for success and verify, of which postmaster is not told
    std::string text;                // lines with LF
};

using BounceTemplates = std::array<BounceTemplate, bounce_classes>;  // by BounceClass

const BounceTemplates& built_in_templates();

// The built-in ones with those that a file defines in their place. A template that cannot be used is a
// finding (an error) and stays as built in. Files are lines `failure_template = <<EOF`, the template, `EOF`.
BounceTemplates parse_bounce_templates(std::string_view content, const std::string& path,
                                       std::vector<Finding>& findings);

// As a file that would define them again.
std::string print(const BounceTemplates& templates);

// A template's text with its names put in. Malformed for bad syntax and for names that `value` does not know.
Result<std::string> expand_text(const BounceTemplate& one, const Lookup& value);

inline constexpr std::string_view will_retry_until = "will_retry_until";

// What $name means in a template, $will_retry_until aside; nothing where it means nothing. The value needs no
// further expansion, and a dollar in it is doubled.
std::optional<std::string> template_value(std::string_view name, const Lookup& raw);

// The templates of a configuration, ready for the programs that write notices.
struct BounceTexts {
    BounceTemplates templates = built_in_templates();
    RawValues values;  // of the names in them
};
// `content` is that of bounce_template_file, empty where there is none. Names that mean nothing are findings.
BounceTexts bounce_texts(const Settings& settings, std::string_view content, std::vector<Finding>& findings);

}  // namespace ekiden::config
