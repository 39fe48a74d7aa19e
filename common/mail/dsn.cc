#include "common/mail/dsn.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/mail/date.h"
#include "common/mail/header.h"
#include "common/text/ascii.h"

// How: header, a note for people, message/delivery-status, then the original or its header. Everything that
// came from outside (addresses, replies of other hosts) passes `one_line`, so that it cannot add a field or a
// body part. Limits: addresses beyond ASCII are written as they are, under the media type
// global-delivery-status (RFC 6533).
namespace ekiden::mail {
namespace {

constexpr std::size_t longest_text = 900;
constexpr std::size_t wrap_column = 75;

std::string one_line(std::string_view text) {
    std::string out(text.substr(0, longest_text));
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return std::string(text::trim(out));
}

bool is_eight_bit(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) > 127; });
}

// Breaks text at blanks into lines of about `wrap_column`; the second and further lines begin with `indent`.
std::string wrapped(std::string_view text, std::string_view indent) {
    std::string out;
    std::size_t column = 0;
    for (const std::string& word : text::split(text, " ")) {
        if (column > 0 && column + 1 + word.size() > wrap_column) {
            out += fmt::format("\r\n{}", indent);
            column = indent.size();
        } else if (column > 0) {
            out.push_back(' ');
            ++column;
        }
        out += word;
        column += word.size();
    }
    return out;
}

// A boundary that no line of the original can be.
std::string boundary_for(const Dsn& dsn) {
    std::string boundary = fmt::format("{}.{}/{}", one_line(dsn.notice_id).substr(0, 30), dsn.now,
                                       one_line(dsn.hostname).substr(0, 25));
    std::ranges::replace_if(
        boundary, [](char c) { return !text::is_alnum(c) && c != '.' && c != '/' && c != '-'; }, '_');
    while (dsn.original.find("--" + boundary) != std::string_view::npos) boundary += "=";
    return boundary;
}

// An address without a domain, alone or in < >, gets this host's.
std::string with_host(std::string_view from, std::string_view hostname) {
    std::string out = one_line(from);
    std::size_t open = out.find('<');
    std::size_t begin = open == std::string::npos ? 0 : open + 1;
    std::size_t end = std::min(out.find_first_of(open == std::string::npos ? " \t" : ">", begin), out.size());
    if (out.substr(begin, end - begin).find('@') == std::string::npos)
        out.insert(end, "@" + one_line(hostname));
    return out;
}

std::string header(const Dsn& dsn, std::string_view boundary, bool eight_bit) {
    return fmt::format(
        "Date: {}\r\nFrom: {}\r\nSubject: {}\r\nTo: {}\r\n"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"{}\"\r\n"
        "Content-Transfer-Encoding: {}\r\nMessage-Id: <{}@{}>\r\n\r\n"
        "This is a MIME-encapsulated message.\r\n\r\n",
        print_local_date(dsn.now), with_host(dsn.from, dsn.hostname), one_line(dsn.subject),
        one_line(dsn.sender), boundary, eight_bit ? "8bit" : "7bit", one_line(dsn.notice_id),
        one_line(dsn.hostname));
}

// In a report it is also said who did it.
std::string with_way(const DsnRecipient& r, std::string_view text) {
    if (r.via.empty()) return one_line(text);
    return fmt::format("delivery via {}: {}", one_line(r.via), one_line(text));
}

std::string_view action_of(const Dsn& dsn, const DsnRecipient& r) {
    switch (dsn.kind) {
        case DsnKind::failure: return "failed";
        case DsnKind::delay: return "delayed";
        case DsnKind::report: return r.action;
    }
    return "failed";
}

std::string note(const Dsn& dsn) {
    std::string out;
    for (char c : dsn.text) out += c == '\n' ? "\r\n" : std::string(1, c);
    out += "\r\n";
    for (const DsnRecipient& r : dsn.recipients) {
        std::string text = fmt::format("<{}>", one_line(r.recipient));
        if (!r.original_recipient.empty() && r.original_recipient != r.recipient)
            text += fmt::format(" (expanded from <{}>)", one_line(r.original_recipient));
        text += ": " + with_way(r, r.reason);
        out += wrapped(text, "    ") + "\r\n\r\n";
    }
    return out;
}

// RFC 3464 2.2: what is true of the whole message.
std::string message_fields(const Dsn& dsn, std::string_view address_type) {
    std::string out = fmt::format("Reporting-MTA: dns; {}\r\n", one_line(dsn.hostname));
    if (!dsn.envelope_id.empty())
        out += fmt::format("Original-Envelope-Id: {}\r\n", one_line(dsn.envelope_id));
    std::string name = one_line(dsn.mail_name);
    if (!dsn.queue_id.empty()) out += fmt::format("X-{}-Queue-ID: {}\r\n", name, one_line(dsn.queue_id));
    if (!dsn.sender.empty())
        out += fmt::format("X-{}-Sender: {}; {}\r\n", name, address_type, one_line(dsn.sender));
    return out + fmt::format("Arrival-Date: {}\r\n", print_local_date(dsn.arrival));
}

// RFC 3464 2.3: one group for each recipient.
std::string recipient_fields(const Dsn& dsn, const DsnRecipient& r, std::string_view address_type) {
    std::string out = fmt::format("\r\nFinal-Recipient: {}; {}\r\n", address_type, one_line(r.recipient));
    if (!r.original_recipient.empty())
        out += fmt::format("Original-Recipient: {}; {}\r\n",
                           r.original_type.empty() ? address_type : one_line(r.original_type),
                           one_line(r.original_recipient));
    out += fmt::format("Action: {}\r\nStatus: {}\r\n", one_line(action_of(dsn, r)), one_line(r.status));
    if (!r.remote_mta.empty()) out += fmt::format("Remote-MTA: dns; {}\r\n", one_line(r.remote_mta));
    bool ours = r.remote_mta.empty() || r.own_words;
    std::string type = ours ? "X-" + one_line(dsn.mail_name) : "smtp";
    if (!r.diagnostic.empty())
        out += wrapped(fmt::format("Diagnostic-Code: {}; {}", type,
                                   r.remote_mta.empty() ? with_way(r, r.diagnostic) : one_line(r.diagnostic)),
                       "    ") +
               "\r\n";
    if (r.last_attempt != 0)
        out += fmt::format("Last-Attempt-Date: {}\r\n", print_local_date(r.last_attempt));
    if (dsn.kind == DsnKind::delay && dsn.will_retry_until != 0)
        out += fmt::format("Will-Retry-Until: {}\r\n", print_local_date(dsn.will_retry_until));
    return out;
}

std::string part(std::string_view boundary, std::string_view description, std::string_view type,
                 std::string_view body) {
    return fmt::format("--{}\r\nContent-Description: {}\r\nContent-Type: {}\r\n{}\r\n{}\r\n", boundary,
                       description, type, is_eight_bit(body) ? "Content-Transfer-Encoding: 8bit\r\n" : "",
                       body);
}

}  // namespace

std::string print_dsn(const Dsn& dsn) {
    bool header_only =
        dsn.kind != DsnKind::failure || !dsn.original_is_whole || dsn.original.size() > dsn.size_limit;
    std::size_t header_end = scan_header(dsn.original).fields_end;
    std::string_view returned = header_only ? dsn.original.substr(0, header_end) : dsn.original;

    bool global = is_eight_bit(dsn.sender) || std::ranges::any_of(dsn.recipients, [](const DsnRecipient& r) {
                      return is_eight_bit(r.recipient) || is_eight_bit(r.original_recipient);
                  });
    std::string_view address_type = global ? "utf-8" : "rfc822";
    std::string fields = message_fields(dsn, address_type);
    for (const DsnRecipient& r : dsn.recipients) fields += recipient_fields(dsn, r, address_type);

    std::string boundary = boundary_for(dsn);
    std::string text = note(dsn);
    std::string out =
        header(dsn, boundary, is_eight_bit(text) || is_eight_bit(fields) || is_eight_bit(returned));
    bool beyond = is_eight_bit(text) && text::equal_ignoring_case(dsn.charset, "us-ascii");
    out += part(boundary, "Notification", "text/plain; charset=" + (beyond ? "utf-8" : one_line(dsn.charset)),
                text);
    out += part(boundary, "Delivery report",
                global ? "message/global-delivery-status" : "message/delivery-status", fields);
    const bool report = dsn.kind == DsnKind::report;
    out += header_only ? part(boundary, report ? "Message Headers" : "Undelivered Message Headers",
                              global ? "message/global-headers" : "text/rfc822-headers", returned)
                       : part(boundary, "Undelivered Message", global ? "message/global" : "message/rfc822",
                              returned);
    return out + fmt::format("--{}--\r\n", boundary);
}

}  // namespace ekiden::mail
