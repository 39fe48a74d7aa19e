#include "common/mail/header.h"

#include <algorithm>

#include "common/text/ascii.h"

namespace ekiden::mail {
namespace {

constexpr std::size_t longest_value = 998;
constexpr std::size_t most_delivered_to = 1000;

// The end of the line that begins at `start`, its line end included.
std::size_t line_end(std::string_view content, std::size_t start) {
    std::size_t newline = content.find('\n', start);
    return newline == std::string_view::npos ? content.size() : newline + 1;
}

std::string_view without_line_end(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

// field-name = 1*ftext; RFC 5322 4.5: blanks may stand before the colon.
std::string_view field_name(std::string_view line) {
    std::size_t end = 0;
    while (end < line.size() && line[end] > 0x20 && line[end] < 0x7f && line[end] != ':') ++end;
    std::size_t colon = end;
    while (colon < line.size() && text::is_blank(line[colon])) ++colon;
    bool is_field = end > 0 && colon < line.size() && line[colon] == ':';
    return is_field ? line.substr(0, end) : std::string_view();
}

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
    return std::ranges::any_of(names, [&](std::string_view n) { return text::equal_ignoring_case(n, name); });
}

void note(HeaderSummary& summary, const Field& field) {
    auto is = [&](std::string_view name) { return text::equal_ignoring_case(field.name, name); };
    if (is("Received")) {
        ++summary.received;
    } else if (is("Message-ID")) {
        if (!summary.has_message_id) summary.message_id = unfold(field.value).substr(0, longest_value);
        summary.has_message_id = true;
    } else if (is("Date")) {
        summary.has_date = true;
    } else if (is("From")) {
        if (!summary.has_from) summary.from = unfold(field.value).substr(0, longest_value);
        summary.has_from = true;
    } else if (is("To") || is("Cc")) {
        summary.has_to_or_cc = true;
    } else if (is("Bcc") || is("Resent-Bcc")) {
        summary.has_bcc = true;
    } else if (is("Delivered-To") && summary.delivered_to.size() < most_delivered_to) {
        summary.delivered_to.push_back(unfold(field.value).substr(0, longest_value));
    }
}

}  // namespace

FieldReader::FieldReader(std::string_view content) : content_(content) {
    if (content.starts_with("From ")) position_ = line_end(content, 0);
}

std::optional<Field> FieldReader::next() {
    std::size_t start = position_;
    std::size_t end = line_end(content_, start);
    std::string_view name = field_name(without_line_end(content_.substr(start, end - start)));
    if (name.empty()) return std::nullopt;
    while (end < content_.size() && text::is_blank(content_[end])) end = line_end(content_, end);
    position_ = end;
    std::string_view whole = content_.substr(start, end - start);
    std::size_t colon = whole.find(':', name.size());
    return Field{name, without_line_end(whole.substr(colon + 1)), whole};
}

std::size_t FieldReader::body_start() const {
    std::string_view rest = content_.substr(position_);
    if (rest.starts_with("\r\n")) return position_ + 2;
    return rest.starts_with('\n') ? position_ + 1 : position_;
}

std::string unfold(std::string_view value) {
    std::string out;
    out.reserve(value.size());
    for (char c : value)
        if (c != '\r' && c != '\n') out.push_back(c);
    return std::string(text::trim(out));
}

std::optional<std::string> first_value(std::string_view content, std::string_view name) {
    FieldReader reader(content);
    while (std::optional<Field> field = reader.next())
        if (text::equal_ignoring_case(field->name, name)) return unfold(field->value);
    return std::nullopt;
}

HeaderSummary scan_header(std::string_view content) {
    HeaderSummary summary;
    FieldReader reader(content);
    while (std::optional<Field> field = reader.next()) note(summary, *field);
    summary.fields_end = reader.fields_end();
    summary.body_start = reader.body_start();
    return summary;
}

std::string remove_fields(std::string_view content, std::span<const std::string_view> names) {
    std::string out;
    out.reserve(content.size());
    FieldReader reader(content);
    std::size_t copied = 0;
    while (std::optional<Field> field = reader.next()) {
        if (!is_one_of(field->name, names)) continue;
        std::size_t start = static_cast<std::size_t>(field->whole.data() - content.data());
        out.append(content.substr(copied, start - copied));
        copied = start + field->whole.size();
    }
    return out.append(content.substr(copied));
}

}  // namespace ekiden::mail
