// ekipop: the grants of POP before SMTP, as the running authd holds them.
#include <sysexits.h>

#include <cstdlib>

#include "common/accounts/grant_commands.h"
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
    if (!accounts::is_grants_command(call->words))
        return process::print_answer("ekipop", EX_USAGE, accounts::grants_usage());
    if (!process::is_superuser(call->settings))
        return complain("use of this command is reserved for the superuser", EX_NOPERM);
    std::string socket = call->settings[param::queue_directory] + "/public/auth";
    auto authd = process::AdminClient::connect(socket, ipc::Service::authd);
    if (!authd && authd.error().temporary()) return complain(authd.error().text, EX_TEMPFAIL);
    if (!authd)
        return complain("the mail system is down, and only it knows the grants (" + authd.error().text +
                            "): start it with ekiden start",
                        EX_UNAVAILABLE);
    ipc::AdminCommand command{{"grants"}, std::nullopt};
    command.words.insert(command.words.end(), call->words.begin(), call->words.end());
    Result<ipc::AdminReply> reply = (*authd)->ask(std::move(command), patience);
    if (reply) return process::print_answer("ekipop", reply->exit_status, reply->lines);
    return complain(socket + ": " + reply.error().text + "; it may be beginning or ending: try again",
                    EX_TEMPFAIL);
}
