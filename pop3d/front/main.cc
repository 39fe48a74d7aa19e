// pop3d: POP3 until login, on 110 (STLS) and 995. It runs in an empty root with nothing but its clients'
// sockets; a client who has logged in goes on to pop3d-session.
#include "common/process/daemon.h"
#include "pop3d/front/dialogue.h"

namespace {

using namespace ekiden;

Task<> serve_client(pop3d::Front& front, net::Accepted connection) {
    pop3d::Dialogue dialogue(front, std::move(connection));
    co_await dialogue.run();
}

class Pop3d final : public process::Program {
  public:
    Result<> open(process::Worker& worker) override {
        Result<front::Pop3Options> options =
            front::Pop3Options::from(worker.settings(), {&worker.snapshot().files});
        if (!options) return pass(options);
        front_.emplace(worker, std::move(*options));
        return {};
    }
    void serve(process::Worker& worker) override {
        auto limit = static_cast<std::size_t>(worker.settings()[param::pop3d_connection_limit]);
        worker.accept_sessions(
            limit, [this](net::Accepted connection) { return serve_client(*front_, std::move(connection)); },
            front_->options.tls_at_once ? "" : "-ERR [SYS/TEMP] Too busy, try again later\r\n");
    }
    std::vector<ipc::NamedValue> counters(process::Worker&) override {
        return {{"sessions", std::to_string(front_->sessions)},
                {"logins", std::to_string(front_->logins)},
                {"failures", std::to_string(front_->failures)}};
    }

  private:
    std::optional<pop3d::Front> front_;
};

}  // namespace

int main() { return process::run<Pop3d>(ipc::Service::pop3_front); }
