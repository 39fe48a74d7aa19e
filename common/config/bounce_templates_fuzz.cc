// Bounce templates: what is read can be printed and read again, and expands to bounded lines.
#include "common/config/bounce_templates.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden;
    std::string_view content(reinterpret_cast<const char*>(data), size);
    std::vector<config::Finding> findings, ignored;
    config::BounceTexts texts = config::bounce_texts(Settings(), content, findings);
    std::string printed = config::print(texts.templates);
    if (findings.empty() && content.find("EOF") == std::string_view::npos &&
        config::print(config::parse_bounce_templates(printed, "again", ignored)) != printed)
        std::abort();
    for (const config::BounceTemplate& one : texts.templates) {
        auto text =
            config::expand_text(one, [](std::string_view) { return std::optional<std::string>("x"); });
        if (text && text->size() > (config::limits::template_line + 1) * config::limits::template_lines)
            std::abort();
    }
    return 0;
}
