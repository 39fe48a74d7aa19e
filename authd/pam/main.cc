// pam-helper: asks PAM whether users of the system may log in, for authd and nobody else. It stays root, for
// PAM's modules read what only root may; so it reads no bytes of strangers but a name and a password in a
// message of fixed form, and runs only where system_accounts is on.
#include <algorithm>

#include "authd/pam/helper.h"
#include "common/process/daemon.h"

namespace ekiden::pam {
namespace {

class HelperProgram final : public process::Program {
  public:
    void serve(process::Worker& worker) override {
        const Settings& settings = worker.settings();
        HelperSettings own;
        own.service = settings[param::pam_service_name];
        own.minimum_uid = static_cast<std::uint32_t>(
            std::clamp<std::int64_t>(settings[param::local_minimum_uid], 1, 0xfffffffe));
        helper_ = std::make_unique<Helper>(worker.loop(), std::move(own));
        worker.answer<ipc::CheckSystemPassword>([this](ipc::CheckSystemPassword question, ipc::Sender) {
            return helper_->ask(std::move(question));
        });
    }

    std::vector<ipc::NamedValue> counters(process::Worker&) override {
        return {{"asked", std::to_string(helper_ ? helper_->asked() : 0)}};
    }

  private:
    std::unique_ptr<Helper> helper_;
};

}  // namespace
}  // namespace ekiden::pam

int main() { return ekiden::process::run<ekiden::pam::HelperProgram>(ekiden::ipc::Service::pam_helper); }
