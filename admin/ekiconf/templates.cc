#include "admin/ekiconf/templates.h"

#include <ctime>

#include "admin/ekiconf/reading.h"
#include "common/config/bounce_templates.h"
#include "common/config/check.h"
#include "common/mail/date.h"

namespace ekiden::ekiconf {
namespace {

// The operand, else bounce_template_file; empty: the built-in templates.
Result<std::string> path_of(const Options& options, const Reading& reading) {
    if (!options.operands.empty()) return options.operands[0];
    return reading.expanded(param::bounce_template_file.name);
}

std::string when_given_up(const config::Lookup& raw) {
    std::optional<std::string> seconds = config::template_value("maximal_queue_lifetime_seconds", raw);
    return mail::print_local_date(std::time(nullptr) + (seconds ? std::atoll(seconds->c_str()) : 0));
}

Result<std::string> print_expanded(const config::BounceTemplates& templates, const Reading& reading) {
    config::Lookup raw = [&](std::string_view name) { return reading.raw(name); };
    config::Lookup value = [&](std::string_view name) -> std::optional<std::string> {
        if (name == config::will_retry_until) return when_given_up(raw);
        return config::template_value(name, raw);
    };
    std::string out;
    for (std::size_t i = 0; i < templates.size(); ++i) {
        std::string name(config::name_of(static_cast<config::BounceClass>(i)));
        Result<std::string> text = config::expand_text(templates[i], value);
        if (!text) return malformed(text.error().text + " in " + name + " template");
        out += (i > 0 ? "\n" : "") + ("expanded_" + name) + "_text = <<EOF\n" + *text + "EOF\n";
    }
    return out;
}

}  // namespace

Output show_templates(const Options& options) {
    Output output;
    auto failed = [&](std::string_view text) {
        output.fail(text);
        return output;
    };
    if (options.operands.size() > 1) return failed("options -b and -t require at most one template file");
    Reading reading(options, true, false, output);
    if (output.status != 0) return output;
    output.err.clear();  // what is odd in main.cf is told by other options
    Result<std::string> path = path_of(options, reading);
    if (!path) return failed(path.error().text);
    Result<std::string> content = path->empty() ? Result<std::string>("") : config::read_file(*path);
    if (!content) return failed(bare(content.error().text));
    std::vector<config::Finding> findings;
    config::BounceTemplates templates = config::parse_bounce_templates(*content, *path, findings);
    if (output.fail_or_warn(findings)) return output;
    Result<std::string> text =
        options.mode == 't' ? config::print(templates) : print_expanded(templates, reading);
    if (!text) return failed(text.error().text);
    output.out = *text;
    return output;
}

}  // namespace ekiden::ekiconf
