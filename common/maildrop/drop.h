#pragma once
// A message on its way from sendmail to pickup: the file below queue_directory/maildrop that ekidrop writes
// (docs/maildrop-format.md). Here is what such a file says, and how it is written; reader.h reads it. No I/O.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ekiden::maildrop {

namespace limits {
inline constexpr std::size_t address = 1000;     // octets; what the queue takes
inline constexpr std::size_t full_name = 1000;   // octets
inline constexpr std::size_t envelope_id = 100;  // octets (RFC 3461 §4.4)
inline constexpr std::size_t recipients = 10'000;
inline constexpr std::size_t record = 65'536;                   // octets of one record: a piece of content
inline constexpr std::size_t all_recipients = 2 * 1024 * 1024;  // octets of their addresses together
}  // namespace limits

// Names of files: temporary ones, and those that are whole.
inline constexpr std::string_view temporary_prefix = "t.";
inline constexpr std::string_view whole_prefix = "d.";

enum class Trace : std::uint8_t {
    none,
    verify,  // -bv: say what would be done, deliver nothing
    report,  // -v: deliver, and say how the first attempt went
};

struct Recipient {
    std::string address;      // as the user wrote it, without comments; perhaps without a domain
    std::uint8_t notify = 0;  // -N: RFC 3461 bits as in ipc::EnvelopeRecipient; 0: not given
    bool operator==(const Recipient&) const = default;
};

struct Envelope {
    std::string sender;     // as for a recipient; empty: the null sender
    std::string full_name;  // for a From: field that is missing
    std::string envelope_id;
    std::uint8_t return_content = 0;  // -R: 0 not given, 1 headers, 2 full
    std::string body;                 // -B: "7BIT", "8BITMIME" or empty
    std::string verp;                 // -XV: two delimiters, or empty
    Trace trace = Trace::none;
    bool gateway = false;  // -G: the header is left as it is
    std::vector<Recipient> recipients;
    bool operator==(const Envelope&) const = default;
};

// Text that may stand in an envelope: without control octets, within `limit`.
bool is_clean(std::string_view text, std::size_t limit);

// The beginning of a file. Every text must be clean.
std::string print(const Envelope& envelope);
// A piece of content, lines ended by LF, of at most limits::record octets.
std::string content_record(std::string_view piece);
// The end, with which the file is whole.
std::string end_record(std::size_t recipients, std::uint64_t content_octets);

}  // namespace ekiden::maildrop
