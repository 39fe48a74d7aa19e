#pragma once
// Questions answered by libunbound on our own event loop, without threads or forks: caching, DNSSEC
// validation and the bounds on the work of a question are its own. Here are the options it runs under, the
// limit of questions under way, the time a question may take, and the step from its callbacks into
// coroutines.
//
// Everything that libunbound reads from files is given to it by open(), before the process is confined.
#include <unbound.h>

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/dns/answer.h"
#include "common/event/loop.h"

namespace ekiden::resolver {

struct Options {
    std::vector<std::string> nameservers;  // "address@port"; empty: from the root servers down
    std::vector<std::string>
        trust_anchors;  // DS or DNSKEY records in presentation form; empty: no validation
    // Servers that strip DNSSEC make every signed name bogus; false: they make everything insecure instead.
    bool insist_on_dnssec = true;
    std::vector<std::string> insecure_domains;  // below these nothing is validated
    std::string validation_date;                // for tests with kept signatures: YYYYMMDDHHMMSS; empty: now
    std::string root_hints_file;                // only for resolving from the root; empty: libunbound's own
    std::size_t cache_size = 16U << 20U;        // octets, for messages and records together
    std::size_t query_limit = 1000;             // questions under way
    Seconds timeout{15};                        // for a question in all
    bool ipv4 = true;
    bool ipv6 = true;
};

// The records of a trust anchor file (zone file form, a record a line; comments and empty lines dropped).
std::vector<std::string> trust_anchors_of(std::string_view file);

struct Counts {
    std::uint64_t asked = 0;
    std::uint64_t failed = 0;  // time-outs, SERVFAIL, refused for want of room
    std::uint64_t bogus = 0;
};

class Lookup {
  public:
    // Use open().
    Lookup(event::Loop& loop, Options options);
    // permanent: an option or a trust anchor that libunbound refuses.
    static Result<std::unique_ptr<Lookup>> open(event::Loop& loop, Options options);
    Lookup(const Lookup&) = delete;
    Lookup& operator=(const Lookup&) = delete;
    ~Lookup();

    // temporary: no answer in time, a failing server, too many questions under way. An answer that failed
    // DNSSEC is no error: it has Security::bogus and no records. malformed: the name cannot be one.
    Task<Result<dns::Answer>> ask(dns::Question question);

    std::size_t under_way() const { return pending_.size(); }
    const Counts& counts() const { return counts_; }

  private:
    struct Pending;
    struct Asker;
    struct FreeContext {
        void operator()(ub_ctx* context) const { ub_ctx_delete(context); }
    };
    using Context = std::unique_ptr<ub_ctx, FreeContext>;

    static Result<Context> make_context(event::Loop& loop, const Options& options);
    Result<> finalise();
    static void answered(void* pending, int rcode, void* packet, int length, int security, char* why_bogus,
                         int rate_limited);
    void forget(std::list<Pending>::iterator place);

    event::Loop& loop_;
    Options options_;
    Counts counts_;
    // Questions that libunbound still works on, also those whose asker has gone: it keeps a pointer to each.
    std::list<Pending> pending_;
    Context context_;  // goes first, so that no callback comes after
};

}  // namespace ekiden::resolver
