#include "resolver/lookup.h"

// Three habits of libunbound decide the form of this file. Its options must be set before the first question
// and before any local data. It reads what it needs from files at the first question, so one is asked in
// open(), about a name it answers by itself. And it may call back from inside ub_resolve_event: the callback
// only notes the answer, and the asker goes on from the loop.
//
// Limits: a question whose asker has given up goes on inside libunbound until its own time-outs end it; it
// counts against the limit until then.

#include <fmt/format.h>
#include <unbound-event.h>

#include <algorithm>

#include "common/dns/name.h"
#include "common/text/ascii.h"

namespace ekiden::resolver {

struct Lookup::Pending {
    Pending(Lookup& o, dns::Question q) : owner(o), question(std::move(q)), done(o.loop_) {}
    Lookup& owner;
    dns::Question question;
    event::Signal done;
    std::list<Pending>::iterator self;
    std::optional<Result<dns::Answer>> result;
    bool abandoned = false;
    bool calling = false;  // ub_resolve_event has not returned yet
};

// Held by the asking coroutine: when it goes, answered or not, the question is forgotten or left to
// libunbound.
struct Lookup::Asker {
    explicit Asker(std::list<Pending>::iterator p) : place(p) {}
    Asker(const Asker&) = delete;
    Asker& operator=(const Asker&) = delete;
    ~Asker() {
        if (place->result)
            place->owner.forget(place);
        else
            place->abandoned = true;
    }
    std::list<Pending>::iterator place;
};

namespace {

struct Setting {
    const char* name;
    std::string value;
};

std::vector<Setting> settings_of(const Options& options) {
    const auto yes_no = [](bool value) { return std::string(value ? "yes" : "no"); };
    const bool validate = !options.trust_anchors.empty();
    return {
        {"module-config:", validate ? "validator iterator" : "iterator"},
        {"do-ip4:", yes_no(options.ipv4)},
        {"do-ip6:", yes_no(options.ipv6)},
        // A name server on this host is the usual case.
        {"do-not-query-localhost:", "no"},
        {"use-syslog:", "no"},
        {"verbosity:", "0"},
        // Records take about twice what messages take.
        {"msg-cache-size:", std::to_string(options.cache_size / 4)},
        {"rrset-cache-size:", std::to_string(options.cache_size / 2)},
        {"key-cache-size:", std::to_string(options.cache_size / 8)},
        {"neg-cache-size:", std::to_string(options.cache_size / 8)},
        {"infra-cache-numhosts:", "10000"},
        {"num-queries-per-thread:", std::to_string(options.query_limit)},
        {"outgoing-range:", "512"},
        {"edns-buffer-size:", "1232"},
        {"cache-max-ttl:", "86400"},
        {"cache-max-negative-ttl:", "900"},
        // The bounds on the work of one question: messages sent, tries per server.
        {"max-sent-count:", "32"},
        {"outbound-msg-retry:", "3"},
        {"val-max-restart:", "3"},
        {"harden-below-nxdomain:", "yes"},
        {"harden-dnssec-stripped:", yes_no(options.insist_on_dnssec)},
        {"minimal-responses:", "yes"},
        // Names of private networks are asked of the given servers, who know them.
        {"unblock-lan-zones:", "yes"},
        {"insecure-lan-zones:", "yes"},
    };
}

// Zones that libunbound would answer by itself, but that a site's own servers may hold (127.in-addr.arpa,
// test).
constexpr auto opened_zones = std::to_array<const char*>({
    "127.in-addr.arpa. transparent",
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa. transparent",
    "home.arpa. transparent",
    "test. transparent",
});

Result<> check(int status, std::string_view what) {
    if (status == 0) return {};
    return permanent(fmt::format("resolver: {}: {}", what, ub_strerror(status)));
}

// ub_ctx_set_option and its kin take names that they only read.
Result<> set(ub_ctx* context, const char* name, const std::string& value) {
    return check(ub_ctx_set_option(context, name, value.c_str()), fmt::format("{} {}", name, value));
}

Result<> apply(ub_ctx* context, const Options& options) {
    for (const Setting& setting : settings_of(options)) {
        Result<> done = set(context, setting.name, setting.value);
        if (!done) return done;
    }
    for (const char* zone : opened_zones) {
        Result<> done = set(context, "local-zone:", zone);
        if (!done) return done;
    }
    if (!options.validation_date.empty()) {
        Result<> done = set(context, "val-override-date:", options.validation_date);
        if (!done) return done;
    }
    for (const std::string& domain : options.insecure_domains) {
        Result<> done = set(context, "domain-insecure:", domain);
        if (!done) return done;
    }
    for (const std::string& anchor : options.trust_anchors) {
        Result<> done = check(ub_ctx_add_ta(context, anchor.c_str()), "trust anchor " + anchor);
        if (!done) return done;
    }
    for (const std::string& server : options.nameservers) {
        Result<> done = check(ub_ctx_set_fwd(context, server.c_str()), "name server " + server);
        if (!done) return done;
    }
    if (options.nameservers.empty() && !options.root_hints_file.empty())
        return set(context, "root-hints:", options.root_hints_file);
    return {};
}

dns::Security security_of(int value) {
    if (value == 2) return dns::Security::secure;
    return value == 1 ? dns::Security::bogus : dns::Security::insecure;
}

}  // namespace

std::vector<std::string> trust_anchors_of(std::string_view file) {
    std::vector<std::string> anchors;
    while (!file.empty()) {
        const std::size_t end = file.find('\n');
        std::string_view line = file.substr(0, end);
        file = end == std::string_view::npos ? std::string_view() : file.substr(end + 1);
        line = text::trim(line.substr(0, line.find(';')));
        if (!line.empty()) anchors.emplace_back(line);
    }
    return anchors;
}

Lookup::Lookup(event::Loop& loop, Options options) : loop_(loop), options_(std::move(options)) {}

Lookup::~Lookup() = default;

Result<Lookup::Context> Lookup::make_context(event::Loop& loop, const Options& options) {
    Context context(ub_ctx_create_event(loop.base()));
    if (!context) return permanent("resolver: libunbound gives no context");
    // libunbound would write to standard error; what matters comes back with the answers.
    ub_ctx_debugout(context.get(), nullptr);
    Result<> applied = apply(context.get(), options);
    if (!applied) return pass(std::move(applied));
    return context;
}

Result<std::unique_ptr<Lookup>> Lookup::open(event::Loop& loop, Options options) {
    auto lookup = std::make_unique<Lookup>(loop, std::move(options));
    Result<Context> context = make_context(loop, lookup->options_);
    if (!context) return pass(std::move(context));
    lookup->context_ = std::move(*context);
    Result<> finalised = lookup->finalise();
    if (!finalised) return pass(std::move(finalised));
    return lookup;
}

Result<> Lookup::finalise() {
    auto ignore = [](void*, int, void*, int, int, char*, int) {};
    return check(ub_resolve_event(context_.get(), "localhost.", 1, 1, nullptr, ignore, nullptr),
                 "the configuration of libunbound");
}

Task<Result<dns::Answer>> Lookup::ask(dns::Question question) {
    ++counts_.asked;
    Result<std::string> wire = dns::name_to_wire(question.name);
    if (!wire) co_return pass(std::move(wire));
    question.name = *dns::name_from_wire(*wire);
    if (pending_.size() >= options_.query_limit) {
        ++counts_.failed;
        co_return temporary("too many DNS questions under way");
    }
    auto place = pending_.emplace(pending_.end(), *this, question);
    place->self = place;
    Asker asker(place);
    const std::string name = question.name + ".";
    place->calling = true;
    const int status = ub_resolve_event(context_.get(), name.c_str(), static_cast<int>(question.type), 1,
                                        &*place, &Lookup::answered, nullptr);
    place->calling = false;
    if (status != 0) place->result = temporary(fmt::format("DNS: {}", ub_strerror(status)));
    if (!place->result) co_await place->done.wait(std::chrono::duration_cast<Milliseconds>(options_.timeout));
    if (!place->result || !*place->result) ++counts_.failed;
    if (!place->result) co_return temporary(fmt::format("no DNS answer for {} in time", question.name));
    co_return *place->result;
}

void Lookup::answered(void* argument, int rcode, void* packet, int length, int security, char* why_bogus,
                      int) {
    auto* pending = static_cast<Pending*>(argument);
    if (pending->abandoned) return pending->owner.forget(pending->self);
    const dns::Security status = security_of(security);
    if (status == dns::Security::bogus) {
        ++pending->owner.counts_.bogus;
        dns::Answer answer;
        answer.security = status;
        answer.why = text::printable(why_bogus ? why_bogus : "DNSSEC validation failed", 300);
        pending->result = std::move(answer);
    } else if (rcode != 0 || !packet || length <= 0) {
        pending->result = temporary("the name server did not answer, or with an error");
    } else {
        std::string_view message(static_cast<const char*>(packet), static_cast<std::size_t>(length));
        Result<dns::Answer> answer = dns::parse_message(message, pending->question);
        if (answer) {
            answer->security = status;
            pending->result = std::move(answer);
        } else {
            pending->result = temporary(answer.error().text);  // a broken answer may be whole next time
        }
    }
    if (!pending->calling) pending->done.notify_all();
}

void Lookup::forget(std::list<Pending>::iterator place) { pending_.erase(place); }

}  // namespace ekiden::resolver
