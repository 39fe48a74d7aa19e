#pragma once
// What the resolver found. The records are those of the asked type at the end of the CNAME chain; their data
// are in wire form without compression (names inside them too), so that they travel between processes as they
// are and are parsed by who uses them, with the strict functions here. All of it comes from strangers: counts
// and lengths are bounded, and data that do not fill their form exactly are malformed.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/dns/question.h"

namespace ekiden::dns {

// Records kept of one answer; more are cut off (a domain with more MX hosts or addresses gains nothing by
// them).
inline constexpr std::size_t records_limit = 100;
// Names followed from alias to alias before the answer counts as broken.
inline constexpr std::size_t alias_limit = 16;

// What DNSSEC says of the answer (RFC 4035 §4.3). Bogus answers have no records.
enum class Security : std::uint8_t { insecure, bogus, secure };

enum class Existence : std::uint8_t {
    found,    // there are records
    no_data,  // the name exists, records of this type do not
    no_name,  // NXDOMAIN
};

struct Answer {
    Existence existence = Existence::no_data;
    Security security = Security::insecure;
    std::string canonical_name;      // the name that has the records; the asked name where there is no alias
    std::uint32_t ttl = 0;           // seconds, the shortest in the chain
    std::vector<std::string> rdata;  // wire form, at most records_limit
    std::string why;                 // for people: why the answer is bogus
};

struct MxRecord {
    std::uint16_t preference = 0;
    std::string exchange;  // presentation form; empty is the root: "null MX" (RFC 7505)
    bool operator==(const MxRecord&) const = default;
};

// One record's data each. malformed: too short, too long, or a name that is broken.
Result<std::array<std::uint8_t, 4>> parse_a(std::string_view rdata);
Result<std::array<std::uint8_t, 16>> parse_aaaa(std::string_view rdata);
Result<MxRecord> parse_mx(std::string_view rdata);
// PTR, CNAME and NS: one name.
Result<std::string> parse_name(std::string_view rdata);
// The character-strings of a TXT record joined, as SPF and DKIM want them (RFC 7208 §3.3).
Result<std::string> parse_txt(std::string_view rdata);

// A DNS message that answers `question` (RFC 1035 §4), as it came from the wire. Follows CNAMEs inside the
// message. temporary: the server failed or refused; malformed: not an answer to this question, or broken.
// `security` is set by the caller, who validated.
Result<Answer> parse_message(std::string_view message, const Question& question);

}  // namespace ekiden::dns
