// A file is read line by line into templates, and each template into its fields and text. What is wrong with
// a template is told on the line where it begins.
#include "common/config/bounce_templates.h"

#include <algorithm>

#include "common/config/main_cf.h"
#include "common/config/main_cf_edit.h"
#include "common/text/ascii.h"

namespace ekiden::config {
namespace {

constexpr std::string_view class_names[] = {"failure", "delay", "success", "verify"};
constexpr std::string_view suffix = "_template";
constexpr std::string_view sender = "MAILER-DAEMON (Mail Delivery System)";
constexpr std::string_view greeting = "This is the mail system at host $myhostname.\n\n";
constexpr std::string_view help = "\nFor help, write to postmaster@$myorigin and include this notice.\n";

std::string between(std::string_view text, std::string_view end = help) {
    return std::string(greeting).append(text).append(end);
}

BounceTemplates make_built_in() {
    return {{{"us-ascii", std::string(sender), "Undelivered Mail Returned to Sender",
              "Postmaster Copy: Undelivered Mail",
              between("Your message did not reach the recipients listed below, and no\n"
                      "further attempt will be made. It follows below, or its header.\n")},
             {"us-ascii", std::string(sender), "Delayed Mail (still being retried)",
              "Postmaster Warning: Delayed Mail",
              between("Your message has not yet reached the recipients listed below.\n"
                      "You need not send it again: it will be tried until\n$will_retry_until.\n")},
             {"us-ascii", std::string(sender), "Successful Mail Delivery Report", "",
              between("Your message has reached the recipients listed below, or a system that\n"
                      "does not report what becomes of it there.\n",
                      "")},
             {"us-ascii", std::string(sender), "Mail Delivery Status Report", "",
              between("This is the report on the delivery of mail that you asked for.\n", "")}}};
}

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// "Name: value" where a line has that form.
std::optional<std::pair<std::string_view, std::string_view>> split_field(std::string_view line) {
    std::size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) return std::nullopt;
    std::string_view name = line.substr(0, colon);
    if (!std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; })) return std::nullopt;
    return std::pair(name, text::trim(line.substr(colon + 1)));
}

Result<> take_field(std::string_view name, std::string_view value, BounceTemplate& into) {
    auto is = [&](std::string_view known) { return text::equal_ignoring_case(name, known); };
    std::string field = "\"" + std::string(name) + "\" header";
    if (value.empty()) return malformed("empty " + field + " value");
    if (!std::ranges::all_of(value, text::is_print)) return malformed("non-ASCII " + field + " value");
    if (is("charset"))
        into.charset = value;
    else if (is("from"))
        into.from = value;
    else if (is("subject"))
        into.subject = value;
    else if (is("postmaster-subject") && !into.postmaster_subject.empty())
        into.postmaster_subject = value;
    else
        return malformed((is("postmaster-subject") ? "inapplicable " : "unknown ") + field + " label");
    return {};
}

Result<> parse_template(const std::vector<std::string_view>& lines, BounceTemplate& into) {
    std::size_t at = 0;
    for (; at < lines.size(); ++at) {
        auto field = split_field(lines[at]);
        if (!field) break;
        if (Result<> taken = take_field(field->first, field->second, into); !taken) return taken;
    }
    while (at < lines.size() && text::trim(lines[at]).empty()) ++at;
    if (at == lines.size()) return malformed("missing message text");
    if (lines.size() - at > limits::template_lines) return malformed("more than 1000 lines of text");
    into.text.clear();
    for (; at < lines.size(); ++at) {
        if (lines[at].size() > limits::template_line) return malformed("a line of more than 900 octets");
        into.text.append(lines[at]) += '\n';
    }
    if (!is_ascii(into.text) && text::equal_ignoring_case(into.charset, "us-ascii"))
        return malformed("8-bit message text: specify a charset value other than us-ascii");
    return {};
}

class FileReader {
  public:
    FileReader(std::string_view content, const std::string& path, std::vector<Finding>& findings)
        : lines_(physical_lines(content)), path_(path), findings_(findings) {
        for (std::string_view& line : lines_)
            if (line.ends_with('\r')) line.remove_suffix(1);
    }

    BounceTemplates read() {
        while (at_ < lines_.size()) {
            begin_ = static_cast<int>(at_) + 1;
            std::string_view line = lines_[at_++];
            if (!is_comment_or_empty(line)) definition(line);
        }
        return std::move(templates_);
    }

  private:
    void wrong(std::string text) {
        findings_.push_back({Severity::error, path_, begin_, std::move(text), ""});
    }

    void definition(std::string_view line) {
        auto assignment = split_assignment(line);
        if (!assignment) return wrong(assignment.error().text + ": \"" + text::printable(line, 100) + "\"");
        std::vector<std::string_view> body{assignment->second};
        if (body[0].starts_with("<<") && !here_document(text::trim(body[0].substr(2)), body)) return;
        for (std::size_t i = 0; i < bounce_classes; ++i) {
            if (assignment->first != std::string(class_names[i]).append(suffix)) continue;
            BounceTemplate one = built_in_templates()[i];
            Result<> parsed = parse_template(body, one);
            if (parsed)
                templates_[i] = std::move(one);
            else
                wrong(parsed.error().text + " in " + std::string(class_names[i]) + " template");
            return;
        }
        wrong("unknown template name: " + assignment->first);
    }

    // The lines up to the one that is the marker.
    bool here_document(std::string_view marker, std::vector<std::string_view>& body) {
        body.clear();
        if (marker.empty() || !text::is_alnum(marker.front())) {
            wrong(std::string(marker.empty() ? "missing" : "malformed") + " end marker after <<");
            return false;
        }
        while (at_ < lines_.size()) {
            std::string_view line = lines_[at_++];
            if (line == marker) return true;
            body.push_back(line);
        }
        wrong("missing \"" + std::string(marker) + "\" end marker");
        return false;
    }

    std::vector<std::string_view> lines_;
    const std::string& path_;
    std::vector<Finding>& findings_;
    BounceTemplates templates_ = built_in_templates();
    std::size_t at_ = 0;
    int begin_ = 0;
};

struct Unit {
    std::string_view name;
    std::int64_t seconds;
};
constexpr Unit units[] = {
    {"_seconds", 1}, {"_minutes", 60}, {"_hours", 3600}, {"_days", 86400}, {"_weeks", 604800}};

// "5" for maximal_queue_lifetime_days.
std::optional<std::string> in_unit(std::string_view name, const Lookup& raw) {
    for (const Unit& unit : units) {
        if (!name.ends_with(unit.name)) continue;
        std::string_view parameter = name.substr(0, name.size() - unit.name.size());
        const param::Info* info = param::find(parameter);
        if (!info || info->type != param::Type::time) continue;
        Result<std::string> value = expand_value_of(parameter, raw(parameter).value_or(""), raw);
        Result<std::string> standard = expand(info->default_text, raw);
        auto time = parse_time(value ? *value : "", time_unit(standard ? *standard : ""));
        if (time) return std::to_string(time->count() / unit.seconds);
    }
    return std::nullopt;
}

std::string without_references(std::string_view text) {
    std::string out;
    for (char c : text) out.append(c == '$' ? 2 : 1, c);
    return out;
}

}  // namespace

std::string_view name_of(BounceClass which) { return class_names[static_cast<std::size_t>(which)]; }

const BounceTemplates& built_in_templates() {
    static const BounceTemplates templates = make_built_in();
    return templates;
}

BounceTemplates parse_bounce_templates(std::string_view content, const std::string& path,
                                       std::vector<Finding>& findings) {
    return FileReader(content, path, findings).read();
}

std::string print(const BounceTemplates& templates) {
    std::string out;
    for (std::size_t i = 0; i < bounce_classes; ++i) {
        const BounceTemplate& one = templates[i];
        out += (i > 0 ? "\n" : "") + std::string(class_names[i]).append(suffix) + " = <<EOF\n";
        out += "Charset: " + one.charset + "\nFrom: " + one.from + "\nSubject: " + one.subject + "\n";
        if (!one.postmaster_subject.empty()) out += "Postmaster-Subject: " + one.postmaster_subject + "\n";
        out += "\n" + one.text + "EOF\n";
    }
    return out;
}

Result<std::string> expand_text(const BounceTemplate& one, const Lookup& value) {
    std::string unknown;
    Lookup known = [&](std::string_view name) {
        std::optional<std::string> found = value(name);
        if (!found && unknown.empty()) unknown = name;
        return found;
    };
    std::string out;
    for (std::string_view line : physical_lines(one.text)) {
        Result<std::string> expanded = expand(line, known);
        if (!expanded) return expanded;
        if (!unknown.empty()) return malformed("undefined $" + unknown);
        std::string visible = expanded->substr(0, limits::template_line);
        std::ranges::replace_if(
            visible, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; }, '?');
        out += visible + "\n";
    }
    return out;
}

std::optional<std::string> template_value(std::string_view name, const Lookup& raw) {
    if (auto number = in_unit(name, raw)) return number;
    std::optional<std::string> text = raw(name);
    if (!text) return std::nullopt;
    Result<std::string> expanded = expand_value_of(name, *text, raw);
    return without_references(expanded ? *expanded : "");
}

BounceTexts bounce_texts(const Settings& settings, std::string_view content, std::vector<Finding>& findings) {
    const std::string& path = settings[param::bounce_template_file];
    BounceTexts texts;
    texts.templates = parse_bounce_templates(content, path, findings);
    Lookup raw = [&](std::string_view name) { return settings.raw(name); };
    for (std::size_t i = 0; i < bounce_classes; ++i) {
        for (const std::string& name : references(texts.templates[i].text))
            if (auto value = template_value(name, raw)) texts.values[name] = *value;
        Result<std::string> tried = expand_text(texts.templates[i], [&](std::string_view name) {
            auto value = texts.values.find(name);
            if (name == will_retry_until) return std::optional<std::string>("");
            return value == texts.values.end() ? std::nullopt : std::optional(value->second);
        });
        if (tried) continue;
        findings.push_back({Severity::error, path, 0,
                            tried.error().text + " in " + std::string(class_names[i]) + " template", ""});
        texts.templates[i] = built_in_templates()[i];
    }
    return texts;
}

}  // namespace ekiden::config
