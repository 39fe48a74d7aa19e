#pragma once
// The accounts of the suite in one SQLite file: domains, accounts with their password hashes, aliases. authd
// holds two of these, one for looking up on its loop and one for changes on its storage thread; ekiuser opens
// one by itself when the suite is down. Passwords come hashed (sasl/password.h) and secrets sealed
// (sasl/sealed.h); nothing here sees clear ones. Names are normalized (name.h) by the caller of find
// functions and by the change functions themselves.
//
// Every change is one transaction and durable when it returns. Errors: not_found for a name that is not
// there, denied for one that is there already or still in use, temporary for the disk.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/accounts/name.h"
#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/sqlite/database.h"

namespace ekiden::accounts {

struct Account {
    std::string address;
    std::string mailbox;               // below virtual_mailbox_base; a Maildir ends with '/'
    std::string password_hash;         // empty: cannot log in by password
    std::string sealed_secret;         // empty: no APOP, no CRAM-MD5
    bool enabled = true;               // a disabled account gets mail but cannot log in
    std::uint64_t quota = 0;           // octets of the whole mailbox; 0: none
    std::optional<std::uint32_t> uid;  // nothing: those of virtual_owner
    std::optional<std::uint32_t> gid;
    std::int64_t created = 0;  // UTC seconds
    std::int64_t changed = 0;
};

struct Alias {
    std::string address;  // or "@domain"
    std::string target;
};

class Accounts {
  public:
    // Opens the file and brings its schema up to date; makes it when `access` allows.
    static Result<Accounts> open(const std::string& path, sqlite::Access access, const Clock& clock);

    // --- looking up; nothing where there is no such row ---
    Result<std::optional<Account>> find(std::string_view address);
    // The accounts that may send as `sender`: the one with this address and those to which an alias of this
    // address leads directly; where there is neither, those to which the catch-all of its domain leads. The
    // null sender and what cannot be an address of ours belong to nobody.
    Result<std::vector<std::string>> sender_owners(std::string_view sender);
    Result<bool> has_domain(std::string_view domain);
    // Whether any enabled account has a sealed secret, so that a challenge in the greeting is of use.
    Result<bool> any_sealed();

    Result<std::vector<std::string>> domains();
    Result<std::vector<Account>> list(std::string_view domain = {});
    Result<std::vector<Alias>> aliases(std::string_view domain = {});

    // --- changing ---
    Result<> add_domain(std::string_view domain);
    // Refused while accounts or aliases of the domain exist.
    Result<> remove_domain(std::string_view domain);
    // The domain is added with it when `make_domain` and it is not there.
    Result<> add(const Account& account, bool make_domain);
    Result<> remove(std::string_view address);
    Result<> set_password(std::string_view address, std::string_view password_hash,
                          std::string_view sealed_secret);
    Result<> set_enabled(std::string_view address, bool enabled);
    Result<> set_quota(std::string_view address, std::uint64_t quota);
    Result<> add_alias(std::string_view alias, std::string_view target);
    // Without a target all of the alias's targets go.
    Result<> remove_alias(std::string_view alias, std::string_view target = {});

    sqlite::Database& database() { return database_; }

  private:
    Accounts(sqlite::Database database, const Clock& clock)
        : database_(std::move(database)), clock_(&clock) {}
    Result<> changed_one(Result<> done, std::string_view what);

    sqlite::Database database_;
    const Clock* clock_;
    sqlite::Statement find_;
    sqlite::Statement owners_;
};

}  // namespace ekiden::accounts
