// submission: mail programs hand their mail in on 587 (STARTTLS) and 465 (TLS from the first octet), by the
// same session as port 25 with the rules of RFC 6409.
#include "common/process/daemon.h"
#include "common/smtp/peer_backend.h"
#include "common/smtp/session.h"
#include "submission/policy.h"

namespace {

using namespace ekiden;

Task<> serve_client(smtp::Server& server, net::Accepted connection) {
    smtp::Session session(server, std::move(connection));
    co_await session.run();
}

class Submission final : public process::Program {
  public:
    Result<> open(process::Worker& worker) override {
        Result<smtp::SessionOptions> options =
            smtp::SessionOptions::from(worker.settings(), smtp::Role::submission, {&worker.snapshot().files});
        if (!options) return pass(options);
        limit_ = static_cast<std::size_t>(worker.settings()[param::smtpd_session_limit]);
        server_.emplace(worker.loop(), backend_.emplace(worker.peers()), std::move(*options),
                        policy_.emplace(worker.settings()));
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
    std::optional<submission::SubmissionPolicy> policy_;
    std::optional<smtp::PeerBackend> backend_;
    std::optional<smtp::Server> server_;
    std::size_t limit_ = 0;
};

}  // namespace

int main() { return process::run<Submission>(ipc::Service::submission); }
