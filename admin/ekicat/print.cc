#include "admin/ekicat/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "common/text/ascii.h"

namespace ekiden::ekicat {
namespace {

// Postfix's record types, as -d prints them.
constexpr char size_record = 'C', time_record = 'T', attribute = 'A', sender_record = 'S', original = 'O',
               recipient = 'R', done_recipient = 'D', content_begins = 'M', text_line = 'N', extracted = 'X',
               file_end = 'E';

constexpr std::size_t size_record_length = 14 + 6 * 15 + 5;  // "message_size: " and six columns
constexpr std::size_t longest_piece = 1 << 20;               // of a line that does not end

std::string time_of(std::int64_t microseconds) {
    auto when = static_cast<std::time_t>(microseconds / 1'000'000);
    std::tm parts{};
    char text[64]{};
    if (localtime_r(&when, &parts) == nullptr ||
        std::strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &parts) == 0)
        return "?";
    return text;
}

// RFC 5322 3.6.8: a name of printable characters, then a colon; or the next line of a field.
bool is_header_line(std::string_view line, bool first) {
    if (line.empty()) return false;
    if (line[0] == ' ' || line[0] == '\t') return !first;
    std::size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) return false;
    std::string_view name = line.substr(0, line.find_last_not_of(" \t", colon - 1) + 1);
    return std::ranges::all_of(name, [](char c) { return c > 32 && c < 127; });
}

// RFC 3461's bits as Postfix has them: never 1, success 2, failure 4, delay 8.
void add_recipient(std::vector<std::pair<char, std::string>>& records, const ipc::QueuedRecipient& r) {
    auto printable = [](const std::string& text) { return text::printable(text, text.size()); };
    if (r.notify != 0)
        records.emplace_back(attribute, fmt::format("named_attribute: notify_flags={}", r.notify));
    if (!r.orcpt.empty())
        records.emplace_back(attribute, "named_attribute: dsn_orig_rcpt=" + printable(r.orcpt));
    records.emplace_back(original,
                         "original_recipient: " + printable(r.original.empty() ? r.address : r.original));
    records.emplace_back(r.done ? done_recipient : recipient,
                         (r.done ? "done_recipient: " : "recipient: ") + printable(r.address));
}

}  // namespace

std::vector<std::pair<char, std::string>> records_of(const ipc::QueuedMessage& m) {
    std::vector<std::pair<char, std::string>> records;
    auto attribute_of = [&records](std::string_view name, const std::string& value) {
        if (!value.empty())
            records.emplace_back(
                attribute, fmt::format("named_attribute: {}={}", name, text::printable(value, value.size())));
    };
    records.emplace_back(time_record, "message_arrival_time: " + time_of(m.arrival));
    records.emplace_back(attribute, "create_time: " + time_of(m.created));
    attribute_of("log_ident", m.queue_id);
    attribute_of("rewrite_context", m.notice ? "local" : "remote");
    attribute_of("envelope_id", m.envelope_id);
    // Postfix's numbers: 1 full, 2 headers.
    if (m.return_content != 0) attribute_of("ret_flags", m.return_content == 2 ? "1" : "2");
    if (m.forced_expire) attribute_of("force_expire", "yes");
    records.emplace_back(sender_record, "sender: " + text::printable(m.sender, m.sender.size()));
    for (std::string_view prefix : {"log_", ""}) {
        std::string before(prefix);
        attribute_of(before + "client_name", m.client_name);
        attribute_of(before + "client_address", m.client_address);
        if (!prefix.empty() && !m.client_address.empty())
            attribute_of("log_message_origin", m.client_name + "[" + m.client_address + "]");
        attribute_of(before + "helo_name", m.helo);
        attribute_of(before + "protocol_name", m.protocol);
    }
    attribute_of("sasl_username", m.login);
    attribute_of("pop_before_smtp", m.grant_user);
    for (const ipc::QueuedRecipient& each : m.recipients) add_recipient(records, each);
    return records;
}

void Printer::envelope(const ipc::QueuedMessage& message) {
    auto records = records_of(message);
    std::uint64_t begin = size_record_length + 2;
    for (const auto& [type, text] : records) begin += text.size() + 2;
    if (options_.envelope) marker('\0', "ENVELOPE RECORDS");
    std::uint64_t flags =
        std::ranges::any_of(message.recipients, [](const auto& each) { return each.notify != 0; }) ? 8 : 0;
    record(size_record, fmt::format("message_size: {:15} {:15} {:15} {:15} {:15} {:15}", message.size, begin,
                                    message.recipients.size(), flags, message.size, 0));
    for (const auto& [type, text] : records) record(type, text);
    marker(content_begins, "MESSAGE CONTENTS");
}

void Printer::record(char type, const std::string& text) {
    if (options_.envelope) line(type, text, 0);
    offset_ += text.size() + 2;
}

void Printer::marker(char type, std::string_view what) {
    if (!options_.markers()) return;
    std::string text = fmt::format("*** {} {} ***", what, name_);
    if (type == '\0')
        put_((options_.name ? name_ + ": " : std::string()) + text + "\n");
    else
        line(type, text, 0);
}

void Printer::line(char type, std::string_view text, std::size_t octets) {
    bool skipped = offset_ < options_.skip;
    std::string out;
    if (options_.name) out += name_ + ": ";
    if (options_.offsets) out += fmt::format("{:9} ", offset_);
    if (options_.decimal) out += fmt::format("{:3} ", static_cast<int>(type));
    offset_ += octets;
    if (skipped) return;
    out += text;
    out += '\n';
    put_(out);
}

void Printer::content(std::string_view octets) {
    rest_ += octets;
    std::size_t from = 0;
    for (std::size_t end; (end = rest_.find('\n', from)) != std::string::npos; from = end + 1) {
        std::string_view text(rest_.data() + from, end - from);
        std::size_t length = text.size() + 1;
        if (text.ends_with('\r')) text.remove_suffix(1);
        content_line(text, length);
    }
    rest_.erase(0, from);
    if (rest_.size() < longest_piece) return;
    content_line(rest_, rest_.size());  // the content has such lines only where another program wrote it
    rest_.clear();
}

void Printer::content_line(std::string_view text, std::size_t octets) {
    if (in_header_ && !is_header_line(text, first_line_)) in_header_ = false;
    first_line_ = false;
    if (!(in_header_ ? options_.header : options_.body)) {
        offset_ += octets;
        return;
    }
    if (!options_.verbose) return line(text_line, text, octets);
    line(text_line, "regular_text: " + std::string(text), octets);
}

void Printer::end() {
    if (!rest_.empty()) content_line(rest_, rest_.size());
    rest_.clear();
    marker(extracted, "HEADER EXTRACTED");
    offset_ += 2;
    marker(file_end, "MESSAGE FILE END");
}

}  // namespace ekiden::ekicat
