#include "common/accounts/grant_commands.h"

namespace ekiden::accounts {

std::vector<std::string> grants_usage() {
    return {
        "usage: ekipop [-c config_directory] command",
        "  list                        network, user, service, since (UTC), seconds left, recipients so far",
        "  add ADDRESS USER [TIME]     lets USER relay from this IP address (TIME: 30m, 2h; else "
        "pop_before_smtp_ttl)",
        "  revoke ADDRESS|USER         ends the grants of an IP address or of a user",
        "  flush                       ends all"};
}

bool is_grants_command(const std::vector<std::string>& words) {
    if (words.empty()) return false;
    const std::string& verb = words[0];
    if (verb == "list" || verb == "flush") return words.size() == 1;
    if (verb == "revoke") return words.size() == 2;
    return verb == "add" && (words.size() == 3 || words.size() == 4);
}

}  // namespace ekiden::accounts
