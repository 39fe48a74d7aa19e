#include "common/tables/socketmap_protocol.h"

#include "common/text/ascii.h"

namespace ekiden::tables {

std::string socketmap_request(std::string_view map, std::string_view key) {
    std::string content = std::string(map) + " " + std::string(key);
    return std::to_string(content.size()) + ":" + content + ",";
}

// netstring = 1*DIGIT ":" *OCTET ","
Result<std::optional<Netstring>> take_netstring(std::string_view input, std::size_t longest) {
    constexpr std::size_t most_digits = 9;
    std::size_t colon = input.substr(0, most_digits + 1).find_first_not_of("0123456789");
    if (colon == std::string_view::npos) {
        if (input.size() > most_digits) return malformed("not a netstring");
        return std::nullopt;
    }
    auto size = text::parse_number(input.substr(0, colon));
    if (input[colon] != ':' || !size) return malformed("not a netstring");
    if (*size > longest) return malformed("a netstring longer than " + std::to_string(longest) + " octets");
    std::size_t end = colon + 1 + *size;
    if (input.size() <= end) return std::nullopt;
    if (input[end] != ',') return malformed("a netstring without its comma");
    return Netstring{input.substr(colon + 1, *size), end + 1};
}

Found read_socketmap_reply(std::string_view content) {
    std::size_t blank = content.find(' ');
    std::string_view status = content.substr(0, blank);
    std::string_view rest = blank == std::string_view::npos ? "" : content.substr(blank + 1);
    if (status == "OK") {
        if (rest.size() > limits::value) return temporary("the value is too long");
        return std::string(rest);
    }
    if (status == "NOTFOUND") return std::nullopt;
    std::string why = text::printable(rest, 200);
    if (status == "TEMP" || status == "TIMEOUT") return temporary(std::string(status) + " " + why);
    if (status == "PERM") return permanent("PERM " + why);
    return malformed("an unknown reply \"" + text::printable(content, 60) + "\"");
}

}  // namespace ekiden::tables
