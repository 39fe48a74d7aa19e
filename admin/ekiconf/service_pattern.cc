#include "admin/ekiconf/service_pattern.h"

#include "common/text/ascii.h"

namespace ekiden::ekiconf {

std::optional<ServicePattern> parse_pattern(std::string_view text, std::size_t least, std::size_t most) {
    std::vector<std::string> parts = text::split(text, "/");
    if (text.starts_with('/') || parts.size() < least || parts.size() > most) return std::nullopt;
    for (const std::string& part : parts)
        if (part != "*" && part.find('*') != std::string::npos) return std::nullopt;
    parts.resize(3, "*");
    return ServicePattern{parts[0], parts[1], parts[2]};
}

Result<std::optional<std::size_t>> parse_field(std::string_view name) {
    if (name == "*") return std::nullopt;
    for (std::size_t i = 0; i < std::size(field_names); ++i)
        if (field_names[i] == name) return i;
    return malformed("invalid service attribute name: \"" + std::string(name) + "\"");
}

}  // namespace ekiden::ekiconf
