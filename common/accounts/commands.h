#pragma once
// The verbs of ekiuser, done on a database: by authd for what comes over its public socket, by ekiuser itself
// when the suite is down. Words are the command line without program and options of its own; the password
// comes beside them, never in them. Slow (Argon2id, disk): not for an event loop.
#include <string>
#include <vector>

#include "common/accounts/accounts.h"
#include "common/base/secret.h"
#include "common/config/settings.h"
#include "common/sasl/password.h"
#include "common/sasl/sealed.h"

namespace ekiden::accounts {

struct CommandResult {
    int exit_status = 0;  // sysexits: 64 usage, 65 bad name, 67 no such account, 75 try again, 77 refused
    std::vector<std::string> lines;  // to print: on standard output when 0, else on standard error
    bool changed = false;            // the directory must be published again
    std::string touched;  // the account whose remembered checks, tickets and grants end; empty: none
};

// How ekiuser is used; one line a verb.
std::vector<std::string> usage();

// Whether this command line needs a password (asked twice when it sets a new one).
enum class PasswordNeed { none, current, fresh };
PasswordNeed password_need(const std::vector<std::string>& words);

struct CommandPolicy {
    sasl::HashCost cost;
    // mydomain and virtual_mailbox_domains: the first account in one of these brings the domain along. Others
    // must be added first (or with -d), so that a slip of the hand does not make somebody else's domain ours.
    std::vector<std::string> own_domains;
    static CommandPolicy from(const Settings& settings);
};

class Commands {
  public:
    Commands(Accounts& accounts, const sasl::SealingKey& key, CommandPolicy policy)
        : accounts_(accounts), key_(key), policy_(std::move(policy)) {}

    CommandResult run(const std::vector<std::string>& words, const Secret* password);

  private:
    using Words = std::vector<std::string>;
    CommandResult add(const Words& words, const Secret& password);
    CommandResult set_password(const Words& words, const Secret& password);
    CommandResult apop(const Words& words, const Secret* password);
    CommandResult set_enabled(const Words& words, bool enabled);
    CommandResult remove(const Words& words);
    CommandResult set_quota(const Words& words);
    CommandResult list(const Words& words);
    CommandResult show(const Words& words);
    CommandResult test_login(const Words& words, const Secret& password);
    CommandResult domain(const Words& words);
    CommandResult alias(const Words& words);
    Result<Account> existing(const std::string& address);

    Accounts& accounts_;
    const sasl::SealingKey& key_;
    CommandPolicy policy_;
};

}  // namespace ekiden::accounts
