#include "common/smtp/reply.h"

#include <fmt/format.h>

#include "common/text/cursor.h"

namespace ekiden::smtp {
namespace {

// One to three digits, no leading zero (RFC 3463 §2).
std::optional<int> take_status_number(text::Cursor& input) {
    std::string_view digits = input.take_while(text::is_digit);
    if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits.front() == '0')) return {};
    return static_cast<int>(*text::parse_number(digits));
}

}  // namespace

std::string EnhancedStatus::print() const { return fmt::format("{}.{}.{}", klass, subject, detail); }

std::optional<EnhancedStatus> parse_enhanced_status(std::string_view text) {
    text::Cursor input(text);
    char klass = input.take();
    if (klass != '2' && klass != '4' && klass != '5') return {};
    if (!input.take_if('.')) return {};
    std::optional<int> subject = take_status_number(input);
    if (!subject || !input.take_if('.')) return {};
    std::optional<int> detail = take_status_number(input);
    if (!detail || (!input.done() && !text::is_space(input.peek()))) return {};
    return EnhancedStatus{klass - '0', *subject, *detail};
}

std::optional<EnhancedStatus> Reply::enhanced() const {
    std::optional<EnhancedStatus> status = parse_enhanced_status(text);
    if (!status || status->klass != code / 100) return {};
    return status;
}

void Reply::append_to(std::string& out) const {
    std::string_view rest = text;
    while (true) {
        std::size_t end = rest.find('\n');
        bool last = end == std::string_view::npos;
        fmt::format_int digits(code);
        out.append(digits.data(), digits.size());
        out += last ? ' ' : '-';
        out += rest.substr(0, end);
        out += "\r\n";
        if (last) return;
        rest.remove_prefix(end + 1);
    }
}

std::string Reply::print() const {
    std::string out;
    append_to(out);
    return out;
}

std::string Reply::one_line() const {
    std::string out = fmt::format("{} {}", code, text);
    for (char& c : out)
        if (c == '\n') c = ' ';
    return out;
}

Result<bool> ReplyReader::feed(std::string_view line) {
    // Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
    bool digits = line.size() >= 3 && line[0] >= '2' && line[0] <= '5' && text::is_digit(line[1]) &&
                  text::is_digit(line[2]);
    if (!digits || (line.size() > 3 && line[3] != ' ' && line[3] != '-'))
        return malformed("not an SMTP reply: " + text::printable(line, 100));
    int code = static_cast<int>(*text::parse_number(line.substr(0, 3)));
    if (lines_ > 0 && code != reply_.code) return malformed("the reply code changes within one reply");
    std::string_view said = line.size() > 4 ? line.substr(4) : std::string_view();
    if (++lines_ > limits::reply_lines || reply_.text.size() + said.size() + 1 > limits::reply_octets)
        return malformed("the reply is too long");
    if (lines_ > 1) reply_.text += '\n';
    for (char c : said)
        reply_.text += text::is_print(c) || static_cast<unsigned char>(c) >= 0x80 || c == '\t' ? c : '?';
    reply_.code = code;
    return line.size() == 3 || line[3] == ' ';
}

Reply ReplyReader::take() {
    lines_ = 0;
    return std::exchange(reply_, Reply());
}

}  // namespace ekiden::smtp
