// A record is a letter, its length in decimal digits, a colon, the octets, and a line end that does not
// count.
#include "common/maildrop/drop.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/maildrop/records.h"

namespace ekiden::maildrop {
namespace {

std::string record(char letter, std::string_view octets) {
    return fmt::format("{}{}:{}\n", letter, octets.size(), octets);
}

void add(std::string& out, char letter, std::string_view text) {
    if (!text.empty()) out += record(letter, text);
}

}  // namespace

bool is_clean(std::string_view text, std::size_t limit) {
    return text.size() <= limit && std::ranges::none_of(text, [](char c) {
               return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
           });
}

std::string print(const Envelope& envelope) {
    std::string out(records::first_line);
    out += record(records::sender, envelope.sender);
    add(out, records::full_name, envelope.full_name);
    add(out, records::envelope_id, envelope.envelope_id);
    if (envelope.return_content != 0)
        add(out, records::return_content, envelope.return_content == 2 ? "full" : "hdrs");
    add(out, records::body, envelope.body);
    add(out, records::verp, envelope.verp);
    if (envelope.trace != Trace::none)
        add(out, records::trace, envelope.trace == Trace::verify ? "verify" : "report");
    if (envelope.gateway) add(out, records::gateway, "yes");
    for (const Recipient& recipient : envelope.recipients)
        out += record(records::recipient, fmt::format("{} {}", recipient.notify, recipient.address));
    return out;
}

std::string content_record(std::string_view piece) { return record(records::content, piece); }

std::string end_record(std::size_t recipients, std::uint64_t content_octets) {
    return record(records::end, fmt::format("{} {}", recipients, content_octets));
}

}  // namespace ekiden::maildrop
