// ekiuser: accounts, domains and aliases. Asks authd while the suite runs (so that what it remembers of an
// account ends at once), and works on the database itself while it does not.
#include <sysexits.h>
#include <unistd.h>

#include <cstdlib>

#include "admin/ekiuser/ask_password.h"
#include "admin/ekiuser/offline.h"
#include "common/ipc/messages/auth.h"
#include "common/process/admin_client.h"
#include "common/process/admin_tool.h"

namespace {

using namespace ekiden;

constexpr std::chrono::seconds patience{60};

int complain(const Error& error, int status) {
    return process::print_answer("ekiuser", status, {error.text});
}

int run(const process::ToolCall& call) {
    std::optional<Secret> password;
    accounts::PasswordNeed need = accounts::password_need(call.words);
    if (need != accounts::PasswordNeed::none) {
        Result<Secret> typed = ekiuser::ask_password(STDIN_FILENO, need == accounts::PasswordNeed::fresh);
        if (!typed) return complain(typed.error(), typed.error().temporary() ? EX_IOERR : EX_DATAERR);
        password = std::move(*typed);
    }
    std::string socket = call.settings[param::queue_directory] + "/public/auth";
    auto authd = process::AdminClient::connect(socket, ipc::Service::authd);
    if (authd) {
        ipc::AdminCommand command{{"user"}, password};
        command.words.insert(command.words.end(), call.words.begin(), call.words.end());
        Result<ipc::AdminReply> reply = (*authd)->ask(std::move(command), patience);
        if (reply) return process::print_answer("ekiuser", reply->exit_status, reply->lines);
        return complain({ErrorKind::temporary,
                         socket + ": " + reply.error().text + "; it may be being restarted: try again"},
                        EX_TEMPFAIL);
    }
    if (authd.error().temporary()) return complain(authd.error(), EX_TEMPFAIL);
    if (authd.error().kind == ErrorKind::denied)
        return complain({ErrorKind::denied, authd.error().text + "; be root"}, EX_NOPERM);
    Result<accounts::CommandResult> done = ekiuser::run_offline(call.settings, call.words, password);
    if (!done) return complain(done.error(), done.error().temporary() ? EX_TEMPFAIL : EX_SOFTWARE);
    return process::print_answer("ekiuser", done->exit_status, done->lines);
}

}  // namespace

int main(int argc, char** argv) {
    Result<process::ToolCall> call = process::tool_call({argv + 1, argv + argc}, std::getenv("MAIL_CONFIG"));
    if (!call && call.error().kind == ErrorKind::malformed) return complain(call.error(), EX_USAGE);
    if (!call) return complain(call.error(), EX_CONFIG);
    if (call->words.empty() || call->words[0] == "help" || call->words[0].starts_with('-'))
        return process::print_answer("ekiuser", EX_USAGE, accounts::usage());
    return run(*call);
}
