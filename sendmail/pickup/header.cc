#include "sendmail/pickup/header.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "common/mail/address_list.h"
#include "common/mail/date.h"
#include "common/mail/header.h"
#include "common/mail/received.h"
#include "common/text/ascii.h"

namespace ekiden::pickup {
namespace {

// Postfix's message_drop_headers.
constexpr std::string_view dropped[] = {"Bcc", "Resent-Bcc", "Content-Length", "Return-Path"};
constexpr std::string_view with_addresses[] = {
    "From",
    "To",
    "Cc",
    "Sender",
    "Reply-To",
    "Errors-To",
    "Return-Receipt-To",
    "Resent-From",
    "Resent-To",
    "Resent-Cc",
    "Resent-Sender",
    "Resent-Reply-To",
    "Disposition-Notification-To",
};

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
    return std::ranges::any_of(names, [&](std::string_view n) { return text::equal_ignoring_case(n, name); });
}

struct Seen {
    bool resent = false;
    bool message_id = false, date = false, from = false;
    bool resent_message_id = false, resent_date = false, resent_from = false;
};

void note(Seen& seen, std::string_view name) {
    auto is = [name](std::string_view other) { return text::equal_ignoring_case(name, other); };
    seen.resent |= text::starts_with_ignoring_case(name, "Resent-");
    seen.message_id |= is("Message-Id");
    seen.date |= is("Date");
    seen.from |= is("From");
    seen.resent_message_id |= is("Resent-Message-Id");
    seen.resent_date |= is("Resent-Date");
    seen.resent_from |= is("Resent-From");
}

// phrase = atoms, or one quoted-string
std::string phrase(std::string_view name) {
    auto plain = [](char c) {
        return text::is_alnum(c) || c == ' ' || static_cast<unsigned char>(c) >= 0x80 ||
               std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
    };
    if (std::ranges::all_of(name, plain)) return std::string(name);
    std::string out = "\"";
    for (char c : name) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

std::string in_comment(std::string_view name) {
    std::string out;
    for (char c : name) {
        if (c == '(' || c == ')' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

std::string from_field(const maildrop::Envelope& envelope, const Host& host) {
    bool null = envelope.sender.empty();
    std::string address = complete_address(null ? "MAILER-DAEMON" : envelope.sender, host);
    std::string_view name = null ? "Mail Delivery System" : text::trim(envelope.full_name);
    if (name.empty()) return address;
    return host.obsolete_from ? fmt::format("{} ({})", address, in_comment(name))
                              : fmt::format("{} <{}>", phrase(name), address);
}

// What is missing, with the prefix that a message which was sent again has.
std::string missing_fields(const Seen& seen, const maildrop::Envelope& envelope, const Host& host,
                           const Stamp& stamp) {
    const std::string prefix = seen.resent ? "Resent-" : "";
    std::string out;
    if (!(seen.resent ? seen.resent_message_id : seen.message_id)) {
        std::tm utc = fmt::gmtime(static_cast<std::time_t>(stamp.now));
        out +=
            fmt::format("{}Message-Id: <{:%Y%m%d%H%M%S}.{}@{}>\r\n", prefix, utc, stamp.queue_id, host.name);
    }
    if (!(seen.resent ? seen.resent_date : seen.date))
        out += prefix + "Date: " + mail::print_local_date(stamp.now) + "\r\n";
    if (!(seen.resent ? seen.resent_from : seen.from))
        out += prefix + "From: " + from_field(envelope, host) + "\r\n";
    return out;
}

// The field with its addresses completed.
std::string completed(const mail::Field& field, const Host& host) {
    std::size_t before = static_cast<std::size_t>(field.value.data() - field.whole.data());
    std::string out(field.whole.substr(0, before));
    out += mail::complete_addresses(field.value, host.origin);
    return out.append(field.whole.substr(before + field.value.size()));
}

}  // namespace

std::string complete_address(const std::string& address, const Host& host) {
    if (address.empty()) return address;
    std::vector<mail::ListedAddress> found = mail::addresses_in(address);
    if (found.size() != 1 || !found[0].address.domain.empty()) return address;
    return fmt::format("{}@{}", address, host.origin);
}

std::string mend_header(std::string_view header, bool whole, const maildrop::Envelope& envelope,
                        const Host& host, const Stamp& stamp) {
    std::string top =
        mail::received_from_user(host.name, host.mail_name, stamp.uid, stamp.queue_id, stamp.now);
    Seen seen;
    std::string fields;
    mail::FieldReader reader(header);
    while (std::optional<mail::Field> field = reader.next()) {
        note(seen, field->name);
        if (!envelope.gateway && is_one_of(field->name, with_addresses))
            fields += completed(*field, host);
        else if (!is_one_of(field->name, dropped))
            fields += field->whole;
    }
    if (!envelope.gateway) fields += missing_fields(seen, envelope, host, stamp);
    std::string_view rest = header.substr(reader.fields_end());
    // The body began without the empty line in front of it.
    if (!rest.starts_with("\r\n") && (whole || !rest.empty())) fields += "\r\n";
    return top + fields + std::string(rest);
}

}  // namespace ekiden::pickup
