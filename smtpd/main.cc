// smtpd: the SMTP server of port 25 (and 2525). Thousands of sessions a process, a coroutine each, in an
// empty root: a captured smtpd can lie about its own clients and open nothing.
#include "common/process/daemon.h"
#include "common/smtp/peer_backend.h"
#include "common/smtp/session.h"
#include "smtpd/policy.h"

namespace {

using namespace ekiden;

Task<> serve_client(smtp::Server& server, net::Accepted connection) {
    smtp::Session session(server, std::move(connection));
    co_await session.run();
}

class Smtpd final : public process::Program {
  public:
    Result<> open(process::Worker& worker) override {
        Result<smtp::SessionOptions> options =
            smtp::SessionOptions::from(worker.settings(), smtp::Role::transfer, {&worker.snapshot().files});
        if (!options) return pass(options);
        limit_ = static_cast<std::size_t>(worker.settings()[param::smtpd_session_limit]);
        server_.emplace(worker.loop(), backend_.emplace(worker.peers()), std::move(*options), policy_);
        return {};
    }
    void serve(process::Worker& worker) override {
        server_->tls = [&worker] { return worker.tls(); };
        worker.accept_sessions(
            limit_,
            [this](net::Accepted connection) { return serve_client(*server_, std::move(connection)); },
            server_->too_busy());
    }
    std::vector<ipc::NamedValue> counters(process::Worker&) override { return server_->counters(); }

  private:
    smtpd::TransferPolicy policy_;
    std::optional<smtp::PeerBackend> backend_;
    std::optional<smtp::Server> server_;
    std::size_t limit_ = 0;
};

}  // namespace

int main() { return process::run<Smtpd>(ipc::Service::smtpd); }
