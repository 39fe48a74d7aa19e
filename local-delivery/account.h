#pragma once
// The user of this host in whose name something is delivered: looked up by the process that is going to
// become that user, and held against its own rules, whatever it was told by others.
#include <string>
#include <tuple>

#include "common/base/error.h"

namespace ekiden::local_delivery {

struct Account {
    std::string name;
    unsigned uid = 0;
    unsigned gid = 0;
    std::string home;
    std::string shell;
    bool nobody_in_particular = false;  // default_privs: rights, but no mailbox and no home

    auto key() const { return std::tie(uid, gid, name, home); }
};

struct AccountRules {
    bool as_root = false;         // can become others; else the one uid of the suite is all there is
    unsigned minimum_uid = 1000;  // local_minimum_uid
    std::string default_privs;    // who an empty name is
};

// not_found: there is no such user. denied: the rules forbid it, with what the administrator can do.
// temporary: the password database did not answer. Limits: what stands behind the password database must be
// in files; no socket can be made to ask others.
Result<Account> find_account(const std::string& user, const AccountRules& rules);

// The same for an entry that was looked up already.
Result<> allow(const Account& account, const AccountRules& rules);

}  // namespace ekiden::local_delivery
