// ekipop: the grants of POP before SMTP, as the running authd holds them.
#include <sysexits.h>

#include <cstdlib>

#include "common/ipc/messages/auth.h"
#include "common/process/admin_client.h"
#include "common/process/admin_tool.h"

namespace {

using namespace ekiden;

constexpr std::chrono::seconds patience{60};

int complain(const std::string& text, int status) { return process::print_answer("ekipop", status, {text}); }

}  // namespace

int main(int argc, char** argv) {
    Result<process::ToolCall> call = process::tool_call({argv + 1, argv + argc}, std::getenv("MAIL_CONFIG"));
    if (!call)
        return complain(call.error().text, call.error().kind == ErrorKind::malformed ? EX_USAGE : EX_CONFIG);
    std::string socket = call->settings[param::queue_directory] + "/public/auth";
    auto authd = process::AdminClient::connect(socket, ipc::Service::authd);
    if (!authd) return complain("the mail system is not running: " + authd.error().text, EX_UNAVAILABLE);
    ipc::AdminCommand command{{"grants"}, std::nullopt};
    command.words.insert(command.words.end(), call->words.begin(), call->words.end());
    Result<ipc::AdminReply> reply = (*authd)->ask(std::move(command), patience);
    if (reply) return process::print_answer("ekipop", reply->exit_status, reply->lines);
    return complain(socket + ": " + reply.error().text +
                        "; either it is being restarted, or you may not use it (be root)",
                    EX_TEMPFAIL);
}
