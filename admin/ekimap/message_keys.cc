// How: line by line, in a header or in a body; the boundaries of the multiparts that are open tell where a
// header begins again, and so does the empty line of a part that is a message.
#include "admin/ekimap/message_keys.h"

#include <string>
#include <vector>

#include "common/text/ascii.h"

namespace ekiden::ekimap {
namespace {

constexpr std::size_t most_boundaries = 100;

// field-name ":", with blanks before the colon as old mail has them.
bool is_field(std::string_view line) {
    std::size_t at = 0;
    while (at < line.size() && line[at] > ' ' && line[at] < 0x7f && line[at] != ':') ++at;
    if (at == 0) return false;
    while (at < line.size() && text::is_blank(line[at])) ++at;
    return at < line.size() && line[at] == ':';
}

// The value of a parameter of Content-Type, without quotes; empty where there is none.
std::string parameter(std::string_view field, std::string_view name) {
    for (std::size_t at = field.find(';'); at != std::string_view::npos; at = field.find(';', at + 1)) {
        std::string_view rest = text::trim(field.substr(at + 1));
        if (!text::starts_with_ignoring_case(rest, name)) continue;
        rest = text::trim(rest.substr(name.size()));
        if (!rest.starts_with('=')) continue;
        rest = text::trim(rest.substr(1));
        if (rest.starts_with('"')) return std::string(rest.substr(1, rest.find('"', 1) - 1));
        return std::string(rest.substr(0, rest.find_first_of("; \t\r\n")));
    }
    return "";
}

class Walk {
  public:
    Walk(const MessageParts& parts, const std::function<void(std::string_view)>& visit)
        : parts_(parts), visit_(visit) {}

    void line(std::string_view line) {
        if (!in_header_) return body_line(line);
        if (!field_.empty() && !line.empty() && text::is_blank(line.front())) {
            (field_ += '\n') += line;
            return;
        }
        end_field();
        if (is_field(line)) {
            field_ = line;
            return;
        }
        end_header(line);
    }

    void end() {
        if (in_header_) end_field();
    }

  private:
    void end_field() {
        if (field_.empty()) return;
        if (parts_.headers) visit_(field_);
        constexpr std::string_view type = "content-type";
        if (parts_.mime && text::starts_with_ignoring_case(field_, type))
            content_type_ = std::string(text::trim(field_.substr(field_.find(':') + 1)));
        field_.clear();
    }

    // `line` is empty, or what stands where a header should end.
    void end_header(std::string_view line) {
        in_header_ = false;
        std::string type = std::exchange(content_type_, "");
        if (text::starts_with_ignoring_case(type, "multipart/") && boundaries_.size() < most_boundaries) {
            std::string boundary = parameter(type, "boundary");
            if (!boundary.empty()) boundaries_.push_back("--" + boundary);
        }
        if (parts_.bodies) visit_("");
        bool empty = text::trim(line).empty();
        if (empty && text::starts_with_ignoring_case(type, "message/rfc822"))
            in_header_ = true;
        else if (!empty)
            body_line(line);
    }

    void body_line(std::string_view line) {
        if (parts_.bodies) visit_(line);
        if (!line.starts_with("--")) return;
        std::string_view visible = text::trim(line);
        for (std::size_t i = boundaries_.size(); i-- > 0;) {
            bool last = visible == boundaries_[i] + "--";
            if (!last && visible != boundaries_[i]) continue;
            boundaries_.resize(last ? i : i + 1);
            in_header_ = !last;
            return;
        }
    }

    const MessageParts& parts_;
    const std::function<void(std::string_view)>& visit_;
    bool in_header_ = true;
    std::string field_, content_type_;
    std::vector<std::string> boundaries_;
};

}  // namespace

void message_keys(std::string_view message, const MessageParts& parts,
                  const std::function<void(std::string_view)>& visit) {
    Walk walk(parts, visit);
    while (!message.empty()) {
        std::size_t end = std::min(message.find('\n'), message.size());
        walk.line(message.substr(0, end));
        message.remove_prefix(std::min(end + 1, message.size()));
    }
    walk.end();
}

}  // namespace ekiden::ekimap
