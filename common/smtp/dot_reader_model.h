#pragma once
// What dot_reader.h should do, said a second time as plainly as can be, on a whole string: the tests compare
// the two.
#include <optional>
#include <string>
#include <string_view>

namespace ekiden::smtp {

struct ModelContent {
    std::string content;
    std::size_t used = 0;  // octets up to and with the terminator
};

// Nothing when `input` does not hold the end of the content.
inline std::optional<ModelContent> model_of_content(std::string_view input) {
    ModelContent model;
    while (true) {
        std::size_t end = input.find("\r\n", model.used);
        if (end == std::string_view::npos) return {};
        std::string_view line = input.substr(model.used, end - model.used);
        model.used = end + 2;
        if (line == ".") return model;
        if (line.starts_with('.')) line.remove_prefix(1);
        for (char c : line) {
            if (c == '\n') {
                model.content += "\r\n";
            } else {
                model.content += c == '\r' ? ' ' : c;
            }
        }
        model.content += "\r\n";
    }
}

}  // namespace ekiden::smtp
