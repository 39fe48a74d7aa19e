// The resolver: answers DnsQuery of smtpd, submission, relay and manager by libunbound, in an empty root with
// nothing but UDP and TCP of its own. What it can say to anybody is an answer of bounded size.

#include "common/dns/client.h"
#include "common/log/events.h"
#include "common/process/daemon.h"
#include "resolver/lookup.h"
#include "resolver/start.h"

namespace ekiden::resolver {
namespace {

class ResolverProgram final : public process::Program {
  public:
    Result<> open(process::Worker& worker) override {
        Result<Options> options = options_of(worker.settings());
        if (!options) return pass(std::move(options));
        Result<std::unique_ptr<Lookup>> lookup = Lookup::open(worker.loop(), std::move(*options));
        if (!lookup) return pass(std::move(lookup));
        lookup_ = std::move(*lookup);
        return {};
    }

    void serve(process::Worker& worker) override {
        worker.answer<ipc::DnsQuery>(
            [this](ipc::DnsQuery query, ipc::Sender) { return answer(std::move(query)); });
    }

    std::vector<ipc::NamedValue> counters(process::Worker&) override {
        const Counts& counts = lookup_->counts();
        return {{"under_way", std::to_string(lookup_->under_way())},
                {"asked", std::to_string(counts.asked)},
                {"failed", std::to_string(counts.failed)},
                {"bogus", std::to_string(counts.bogus)}};
    }

  private:
    Task<Result<ipc::DnsAnswer>> answer(ipc::DnsQuery query) {
        dns::Question question{std::move(query.domain), dns::from_message(query.type)};
        Result<dns::Answer> found = co_await lookup_->ask(question);
        if (found && found->security == dns::Security::bogus)
            log::emit(events::dns_bogus, question.name, dns::type_name(question.type), found->why);
        // A name that cannot be one does not exist; everything else that failed may work later.
        if (!found && found.error().kind == ErrorKind::malformed) {
            found = dns::Answer{};
            found->existence = dns::Existence::no_name;
        }
        co_return dns::to_message(found);
    }

    std::unique_ptr<Lookup> lookup_;
};

}  // namespace
}  // namespace ekiden::resolver

int main() { return ekiden::process::run<ekiden::resolver::ResolverProgram>(ekiden::ipc::Service::resolver); }
