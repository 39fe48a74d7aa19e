#include "common/dns/answer.h"

#include <algorithm>

#include "common/dns/name.h"
#include "common/dns/wire_reader.h"

namespace ekiden::dns {
namespace {

struct WireRecord {
    std::string owner;
    std::uint16_t type;
    std::uint32_t ttl;
    std::string rdata;  // compression undone
};

// Records read of one message's answer section, whatever their type (signatures stand among them).
constexpr std::size_t scanned_records_limit = 1000;
constexpr std::uint16_t class_in = 1;
constexpr unsigned rcode_ok = 0;
constexpr unsigned rcode_no_name = 3;

// Only the types that RFC 1035 lets compress names are rewritten; the rest is copied.
std::string expand_rdata(WireReader& in, std::uint16_t type, std::size_t length) {
    const std::size_t end = in.position() + length;
    std::string prefix;
    switch (type) {
        case static_cast<std::uint16_t>(Type::mx): prefix = in.octets(2); [[fallthrough]];
        case static_cast<std::uint16_t>(Type::ns):
        case static_cast<std::uint16_t>(Type::cname):
        case static_cast<std::uint16_t>(Type::ptr): {
            std::string name = in.name();
            if (in.position() != end) in.octets(in.left() + 1);  // the name does not end where the data do
            Result<std::string> wire = name_to_wire(name);
            return wire ? prefix + *wire : std::string();
        }
        default: return std::string(in.octets(length));
    }
}

// False at the first thing that is broken.
bool read_record(WireReader& in, WireRecord& record, bool& wanted_class) {
    record.owner = in.name();
    record.type = in.u16();
    wanted_class = in.u16() == class_in;
    record.ttl = in.u32();
    const std::uint16_t length = in.u16();
    if (in.failed() || in.left() < length) return false;
    record.rdata = expand_rdata(in, record.type, length);
    return !in.failed();
}

Result<std::vector<WireRecord>> read_answers(WireReader& in, std::size_t count) {
    std::vector<WireRecord> records;
    for (std::size_t i = 0; i < std::min(count, scanned_records_limit); ++i) {
        WireRecord record;
        bool wanted_class = false;
        if (!read_record(in, record, wanted_class)) return malformed("a record of the DNS answer is broken");
        if (wanted_class) records.push_back(std::move(record));
    }
    return records;
}

// Walks the aliases from the asked name (RFC 1034 §3.6.2). malformed when they run in a circle.
Result<> follow_aliases(const std::vector<WireRecord>& records, Answer& answer) {
    for (std::size_t step = 0;; ++step) {
        auto alias = std::find_if(records.begin(), records.end(), [&](const WireRecord& r) {
            return r.type == static_cast<std::uint16_t>(Type::cname) && r.owner == answer.canonical_name;
        });
        if (alias == records.end()) return {};
        if (step >= alias_limit) return malformed("too many CNAMEs in the DNS answer");
        Result<std::string> target = name_from_wire(alias->rdata);
        if (!target) return pass(std::move(target));
        answer.canonical_name = *target;
        answer.ttl = std::min(answer.ttl, alias->ttl);
    }
}

void collect(const std::vector<WireRecord>& records, Type type, Answer& answer) {
    for (const WireRecord& record : records) {
        if (record.type != static_cast<std::uint16_t>(type) || record.owner != answer.canonical_name)
            continue;
        if (answer.rdata.size() >= records_limit) break;
        answer.ttl = std::min(answer.ttl, record.ttl);
        answer.rdata.push_back(record.rdata);
    }
}

template <std::size_t size>
Result<std::array<std::uint8_t, size>> parse_address(std::string_view rdata) {
    if (rdata.size() != size) return malformed("an address record has the wrong length");
    std::array<std::uint8_t, size> address{};
    std::copy(rdata.begin(), rdata.end(), address.begin());
    return address;
}

}  // namespace

Result<std::array<std::uint8_t, 4>> parse_a(std::string_view rdata) { return parse_address<4>(rdata); }

Result<std::array<std::uint8_t, 16>> parse_aaaa(std::string_view rdata) { return parse_address<16>(rdata); }

Result<MxRecord> parse_mx(std::string_view rdata) {
    WireReader in(rdata);
    MxRecord record;
    record.preference = in.u16();
    if (in.failed()) return malformed("an MX record is too short");
    Result<std::string> exchange = name_from_wire(rdata.substr(2));
    if (!exchange) return pass(std::move(exchange));
    record.exchange = std::move(*exchange);
    return record;
}

Result<std::string> parse_name(std::string_view rdata) { return name_from_wire(rdata); }

Result<std::string> parse_txt(std::string_view rdata) {
    if (rdata.empty()) return malformed("a TXT record is empty");
    std::string joined;
    WireReader in(rdata);
    while (in.left() > 0) {
        const std::uint8_t length = in.u8();
        joined += in.octets(length);
        if (in.failed()) return malformed("a TXT record ends inside a string");
    }
    return joined;
}

Result<Answer> parse_message(std::string_view message, const Question& question) {
    WireReader in(message);
    in.u16();  // the query's id is the transport's business
    const std::uint16_t flags = in.u16();
    const std::uint16_t questions = in.u16();
    const std::uint16_t answers = in.u16();
    in.u32();  // authority and additional records are not read
    if (in.failed() || (flags & 0x8000U) == 0) return malformed("not a DNS answer");
    const unsigned rcode = flags & 15U;
    if (rcode != rcode_ok && rcode != rcode_no_name)
        return temporary("the name server answered with an error");
    if (questions != 1) return malformed("a DNS answer without its question");
    const std::string asked = in.name();
    const std::uint16_t type = in.u16();
    const std::uint16_t in_class = in.u16();
    if (in.failed() || asked != canonical(question.name) ||
        type != static_cast<std::uint16_t>(question.type) || in_class != class_in)
        return malformed("a DNS answer to another question");

    Result<std::vector<WireRecord>> records = read_answers(in, answers);
    if (!records) return pass(std::move(records));
    Answer answer;
    answer.canonical_name = asked;
    answer.ttl = 0x7fffffff;  // RFC 2181 §8: the greatest there is
    if (question.type != Type::cname) {
        Result<> followed = follow_aliases(*records, answer);
        if (!followed) return pass(std::move(followed));
    }
    collect(*records, question.type, answer);
    if (!answer.rdata.empty())
        answer.existence = Existence::found;
    else
        answer.existence = rcode == rcode_no_name ? Existence::no_name : Existence::no_data;
    if (answer.rdata.empty()) answer.ttl = 0;
    return answer;
}

}  // namespace ekiden::dns
