#pragma once
// smtpd, submission, relay, manager → resolver.
#include "common/ipc/wire.h"

namespace ekiden::ipc {

enum class DnsType : std::uint8_t { a, aaaa, mx, txt, ptr, cname, tlsa, ns, last = ns };

enum class DnsStatus : std::uint8_t {
    ok,        // records follow (at least one)
    no_data,   // the name exists, without such records
    nxdomain,  // the name does not exist
    failed,    // SERVFAIL, time-out, bogus: try later
    last = failed,
};

struct DnsAnswer {
    static constexpr std::string_view name = "dns_answer";
    DnsStatus status;
    bool secure;                       // validated by DNSSEC up to the trust anchor
    bool bogus;                        // validation failed (status is `failed`)
    std::string canonical_name;        // after CNAMEs, without the final dot
    std::uint32_t ttl;                 // seconds
    std::vector<std::string> records;  // rdata as on the wire, names uncompressed
    std::string why;                   // for people, where status is not ok
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("status", m.status), f("secure", m.secure), f("bogus", m.bogus),
            f("canonical_name", m.canonical_name);
        f("ttl", m.ttl), f("records", m.records), f("why", m.why);
    }
};

struct DnsQuery {
    static constexpr std::string_view name = "dns_query";
    using Reply = DnsAnswer;
    std::string domain;  // presentation form; for PTR the in-addr.arpa or ip6.arpa name
    DnsType type;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("domain", m.domain), f("type", m.type);
    }
};

}  // namespace ekiden::ipc
