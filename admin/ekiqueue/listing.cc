// Columns as Postfix's showq_compat has them for long ids; monitoring scripts cut them by position and look
// at the last line.
#include "admin/ekiqueue/listing.h"

#include <fmt/format.h>

#include <ctime>

#include "common/log/logger.h"
#include "common/text/ascii.h"
#include "common/text/utf8.h"

namespace ekiden::admin {
namespace {

constexpr std::size_t reason_column = 76;  // where the closing parenthesis of a reason stands
constexpr std::size_t text_limit = 2000;   // octets of an address or reason

// "Sat Nov 21 18:33:30", local time.
std::string arrival_time(std::int64_t seconds) {
    auto when = static_cast<std::time_t>(seconds);
    std::tm parts{};
    char text[32]{};
    if (localtime_r(&when, &parts) == nullptr ||
        std::strftime(text, sizeof text, "%a %b %e %H:%M:%S", &parts) == 0)
        return "?";
    return text;
}

std::string row(std::string_view id, std::string_view size, std::string_view time, std::string_view who) {
    return fmt::format("{:<17} {:>8} {:<19} {}\n", id, size, time, who);
}

std::string_view sender_of(const ipc::ListedMessage& message) {
    return message.sender.empty() ? "MAILER-DAEMON" : std::string_view(message.sender);
}

// JSON is UTF-8; what is not, as an 8-bit address may be, is shown as the other listing shows it.
std::string json(std::string_view text) {
    return log::json_string(text::is_utf8(text) ? text : text::printable(text, text_limit));
}

std::string_view mark(const ipc::ListedMessage& message) {
    if (message.state == ipc::QueueState::active) return "*";
    if (message.state == ipc::QueueState::hold) return "!";
    return message.forced_expire ? "#" : "";
}

}  // namespace

std::string TraditionalListing::print(const ipc::ListedMessage& message) {
    std::string text = messages_++ == 0 ? row("----Queue ID-----", "--Size--", "---Arrival Time----",
                                              "--Sender/Recipient------")
                                        : "\n";
    octets_ += message.size;
    std::string sender = text::printable(sender_of(message), text_limit);
    text += row(message.queue_id + std::string(mark(message)), std::to_string(message.size),
                arrival_time(message.arrival), sender);
    std::string last;
    for (const ipc::ListedRecipient& recipient : message.recipients) {
        std::string reason = text::printable(recipient.reason, text_limit);
        if (reason != last) {
            std::string shown = reason.empty() ? "reason unavailable" : reason;
            text.append(shown.size() < reason_column ? reason_column - shown.size() : 0, ' ');
            text += "(" + shown + ")\n";
            last = std::move(reason);
        }
        text += row("", "", "", text::printable(recipient.address, text_limit));
    }
    return text;
}

std::string TraditionalListing::end() const {
    if (messages_ == 0) return "Mail queue is empty\n";
    return fmt::format("\n-- {} Kbytes in {} Request{}.\n", octets_ / 1024, messages_,
                       messages_ == 1 ? "" : "s");
}

std::string print_json(const ipc::ListedMessage& message) {
    std::string recipients;
    for (const ipc::ListedRecipient& each : message.recipients) {
        recipients += recipients.empty() ? "{" : ", {";
        recipients += "\"address\": " + json(each.address);
        if (!each.reason.empty()) recipients += ", \"delay_reason\": " + json(each.reason);
        recipients += "}";
    }
    return fmt::format(
        "{{\"queue_name\": \"{}\", \"queue_id\": {}, \"arrival_time\": {}, \"message_size\": {}, "
        "\"forced_expire\": {}, "
        "\"sender\": {}, \"recipients\": [{}]}}\n",
        ipc::name_of(message.state), json(message.queue_id), message.arrival, message.size,
        message.forced_expire, json(sender_of(message)), recipients);
}

}  // namespace ekiden::admin
