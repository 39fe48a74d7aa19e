// authd: who is who. Holds accounts, secrets and the tables around a login; parses nothing from the network
// but what the fronts hand it, and has no network of its own.
#include <unistd.h>

#include <filesystem>

#include "authd/service.h"
#include "common/log/events.h"
#include "common/process/daemon.h"
#include "common/process/users.h"
#include "common/sasl/random.h"

namespace ekiden::authd {
namespace {

// For PAM, which may have to ask far away.
constexpr Milliseconds system_time = std::chrono::seconds(45);

class Authd final : public process::Program {
  public:
    Result<> open(process::Worker& worker) override {
        sasl::initialize();
        Result<Options> options = Options::from(worker.settings(), {&worker.snapshot().files});
        if (!options) return pass(options);
        Result<MailboxIdentity> mailboxes = mailbox_identity(worker);
        if (!mailboxes) return pass(mailboxes);
        mailboxes_ = *mailboxes;
        nobody_.emplace(options->hash_cost);
        Result<std::shared_ptr<Storage>> storage = Storage::open(*options, system_clock());
        if (!storage) return pass(storage);
        storage_ = std::move(*storage);
        for (const std::string& file : {options->accounts_database, options->directory_database})
            worker.paths().write.push_back(std::filesystem::path(file).parent_path().string());
        worker.paths().write.push_back(options->state_directory);
        options_ = std::move(*options);
        return {};
    }

    void serve(process::Worker& worker) override {
        auto service = std::make_shared<Service>(
            worker.loop(), system_clock(), std::move(options_), std::move(storage_), mailboxes_,
            std::move(*nobody_), [&worker](ipc::CheckSystemPassword question) {
                return worker.peer(ipc::Service::pam_helper).ask(std::move(question), system_time);
            });
        service_ = service;
        service->begin();
        worker.peers().on_lost([weak = service_](const ipc::Sender& sender) {
            if (std::shared_ptr<Service> live = weak.lock()) live->peer_lost(sender);
        });
        Service::answer_on(worker, service);
        worker.chores().spawn(service->keep_house());
    }

    void reconfigure(process::Worker& worker) override {
        Result<Options> options = Options::from(worker.settings(), {&worker.snapshot().files});
        std::shared_ptr<Service> service = service_.lock();
        if (!options)
            log::emit(events::reload_refused, options.error());
        else if (service)
            service->configure(std::move(*options));
    }

    std::vector<ipc::NamedValue> counters(process::Worker&) override {
        std::shared_ptr<Service> service = service_.lock();
        return service ? service->counters() : std::vector<ipc::NamedValue>{};
    }

    Task<> finish(process::Worker&, Milliseconds) override {
        std::shared_ptr<Service> service = service_.lock();
        if (service) co_await service->finish();
    }

  private:
    // In a suite with one user the mailboxes are this user's too.
    static Result<MailboxIdentity> mailbox_identity(const process::Worker& worker) {
        if (!worker.as_root()) return MailboxIdentity{geteuid(), getegid()};
        Result<process::UserIds> owner = process::owner_of(param::virtual_owner, worker.settings());
        if (!owner) return pass(owner);
        return MailboxIdentity{owner->uid, owner->gid};
    }

    Options options_;
    MailboxIdentity mailboxes_{};
    std::optional<sasl::Nobody> nobody_;
    std::shared_ptr<Storage> storage_;
    std::weak_ptr<Service> service_;  // owned by the handlers, which end before the loop does
};

}  // namespace
}  // namespace ekiden::authd

int main() { return ekiden::process::run<ekiden::authd::Authd>(ekiden::ipc::Service::authd); }
