// One function a verb. An error's kind decides the exit status (sysexits.h), so that scripts can tell "no
// such account" from "disk full".
#include "common/accounts/commands.h"

#include <fmt/format.h>
#include <sysexits.h>

#include <algorithm>

#include "common/text/ascii.h"
#include "common/text/utc.h"

namespace ekiden::accounts {
namespace {

int status_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::temporary: return EX_TEMPFAIL;
        case ErrorKind::permanent: return EX_SOFTWARE;
        case ErrorKind::malformed: return EX_DATAERR;
        case ErrorKind::denied: return EX_NOPERM;
        case ErrorKind::not_found: return EX_NOUSER;
    }
    return EX_SOFTWARE;
}

CommandResult failed(const Error& error) { return {status_of(error.kind), {error.text}, false, {}}; }

CommandResult wrong_usage() { return {EX_USAGE, usage(), false, {}}; }

CommandResult done(const Result<>& result, std::string line, std::string touched = {}) {
    if (!result) return failed(result.error());
    return {0, {std::move(line)}, true, std::move(touched)};
}

// "500M": octets, with k, M or G for powers of 1024.
Result<std::uint64_t> parse_size(std::string_view word) {
    std::uint64_t unit = 1;
    std::string_view digits = word;
    if (!word.empty()) {
        std::size_t power = std::string_view("kmg").find(text::lower(word.back()));
        if (power != std::string_view::npos) {
            unit = std::uint64_t{1} << (10 * (power + 1));
            digits.remove_suffix(1);
        }
    }
    std::optional<std::uint64_t> number = text::parse_number(digits);
    if (!number || *number > (std::uint64_t{1} << 62) / unit)
        return malformed(
            fmt::format("\"{}\" is not a size (octets, or with k, M, G)", text::printable(word, 40)));
    return *number * unit;
}

bool is_mailbox_path(std::string_view path) {
    if (path.empty() || path.size() > 1000 || path.front() == '/') return false;
    for (const std::string& part : text::split(path, "/"))
        if (part == "." || part == "..") return false;
    return std::ranges::none_of(path,
                                [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

CommandPolicy CommandPolicy::from(const Settings& settings) {
    CommandPolicy policy;
    policy.cost = {static_cast<std::uint64_t>(settings[param::auth_hash_operations]),
                   static_cast<std::uint64_t>(settings[param::auth_hash_memory]) / 1024};
    policy.own_domains.push_back(text::to_lower(settings[param::mydomain]));
    // Tables in the list (type:name) are no domains and match none.
    for (const std::string& item : settings[param::virtual_mailbox_domains])
        policy.own_domains.push_back(text::to_lower(item));
    return policy;
}

std::vector<std::string> usage() {
    return {
        "usage: ekiuser [-c config_directory] command",
        "  add ADDRESS [options]             make an account",
        "      -d, --domain                  and its domain, where that is not mydomain and not known yet",
        "      -a, --apop                    it may use APOP and CRAM-MD5 (its secret is kept sealed)",
        "      -q, --quota SIZE              octets, or with k, M, G",
        "      -m, --mailbox PATH            below virtual_mailbox_base, in place of DOMAIN/LOCALPART/: a "
        "Maildir",
        "                                    where it ends with /, else an mbox",
        "  passwd ADDRESS                    set the password",
        "  apop ADDRESS on|off               allow APOP and CRAM-MD5 (asks for the account's password)",
        "  quota ADDRESS SIZE                octets, or with k, M, G; 0: none",
        "  disable|enable ADDRESS            a disabled account gets mail but cannot log in",
        "  delete ADDRESS                    the mailbox's files stay",
        "  list [DOMAIN]                     addresses, and disabled ones marked",
        "  show ADDRESS",
        "  test-login ADDRESS                exit status 0: this password is right",
        "  domain add|delete DOMAIN, domain list",
        "  alias add ALIAS ADDRESS, alias delete ALIAS [ADDRESS], alias list [DOMAIN]   (ALIAS: name@domain, "
        "@domain)",
        "Passwords are asked for on the terminal, else read as one line of standard input.",
    };
}

PasswordNeed password_need(const std::vector<std::string>& words) {
    if (words.empty()) return PasswordNeed::none;
    if (words[0] == "add" || words[0] == "passwd") return PasswordNeed::fresh;
    if (words[0] == "test-login") return PasswordNeed::current;
    if (words[0] == "apop" && words.size() == 3 && words[2] == "on") return PasswordNeed::current;
    return PasswordNeed::none;
}

CommandResult Commands::run(const Words& words, const Secret* password) {
    if (words.empty()) return wrong_usage();
    if (password_need(words) != PasswordNeed::none && password == nullptr)
        return {EX_USAGE, {"this command needs a password"}, false, {}};
    const std::string& verb = words[0];
    if (verb == "add") return add(words, *password);
    if (verb == "passwd") return set_password(words, *password);
    if (verb == "apop") return apop(words, password);
    if (verb == "quota") return set_quota(words);
    if (verb == "disable") return set_enabled(words, false);
    if (verb == "enable") return set_enabled(words, true);
    if (verb == "delete") return remove(words);
    if (verb == "list") return list(words);
    if (verb == "show") return show(words);
    if (verb == "test-login") return test_login(words, *password);
    if (verb == "domain") return domain(words);
    if (verb == "alias") return alias(words);
    return wrong_usage();
}

Result<Account> Commands::existing(const std::string& address) {
    Result<Name> name = parse_name(address);
    if (!name) return pass(name);
    Result<std::optional<Account>> found = accounts_.find(name->address());
    if (!found) return pass(found);
    if (!*found) return not_found(fmt::format("account {} does not exist", name->address()));
    return **found;
}

CommandResult Commands::add(const Words& words, const Secret& password) {
    Account account;
    bool make_domain = false, may_apop = false;
    for (std::size_t i = 1; i < words.size(); ++i) {
        if (words[i] == "-d" || words[i] == "--domain") {
            make_domain = true;
        } else if (words[i] == "-a" || words[i] == "--apop") {
            may_apop = true;
        } else if ((words[i] == "-q" || words[i] == "--quota") && i + 1 < words.size()) {
            Result<std::uint64_t> quota = parse_size(words[++i]);
            if (!quota) return failed(quota.error());
            account.quota = *quota;
        } else if ((words[i] == "-m" || words[i] == "--mailbox") && i + 1 < words.size()) {
            account.mailbox = words[++i];
            if (!is_mailbox_path(account.mailbox))
                return failed(
                    {ErrorKind::malformed,
                     fmt::format("{}: a mailbox is a path below virtual_mailbox_base, without . and ..",
                                 account.mailbox)});
        } else if (account.address.empty() && !words[i].starts_with('-')) {
            account.address = words[i];
        } else {
            return wrong_usage();
        }
    }
    if (account.address.empty()) return wrong_usage();
    Result<Name> name = parse_name(account.address);
    if (!name) return failed(name.error());
    account.address = name->address();
    make_domain =
        make_domain || std::ranges::find(policy_.own_domains, name->domain) != policy_.own_domains.end();
    Result<std::string> hash = sasl::hash_password(password, policy_.cost);
    if (!hash) return failed(hash.error());
    account.password_hash = *hash;
    if (may_apop) account.sealed_secret = key_.seal(password, account.address);
    Result<> added = accounts_.add(account, make_domain);
    return done(added, fmt::format("{} added", account.address), account.address);
}

CommandResult Commands::set_password(const Words& words, const Secret& password) {
    if (words.size() != 2) return wrong_usage();
    Result<Account> account = existing(words[1]);
    if (!account) return failed(account.error());
    Result<std::string> hash = sasl::hash_password(password, policy_.cost);
    if (!hash) return failed(hash.error());
    std::string sealed = account->sealed_secret.empty() ? "" : key_.seal(password, account->address);
    Result<> set = accounts_.set_password(account->address, *hash, sealed);
    return done(set, fmt::format("{}: password set", account->address), account->address);
}

CommandResult Commands::apop(const Words& words, const Secret* password) {
    if (words.size() != 3 || (words[2] != "on" && words[2] != "off")) return wrong_usage();
    Result<Account> account = existing(words[1]);
    if (!account) return failed(account.error());
    std::string sealed;
    if (words[2] == "on") {
        if (!sasl::verify_password(account->password_hash, *password))
            return {EX_NOPERM, {"this is not the password of " + account->address}, false, {}};
        sealed = key_.seal(*password, account->address);
    }
    Result<> set = accounts_.set_password(account->address, account->password_hash, sealed);
    return done(set, fmt::format("{}: APOP and CRAM-MD5 {}", account->address, words[2]), account->address);
}

CommandResult Commands::set_enabled(const Words& words, bool enabled) {
    if (words.size() != 2) return wrong_usage();
    Result<Account> account = existing(words[1]);
    if (!account) return failed(account.error());
    Result<> set = accounts_.set_enabled(account->address, enabled);
    return done(set, fmt::format("{} {}", account->address, enabled ? "enabled" : "disabled"),
                account->address);
}

CommandResult Commands::remove(const Words& words) {
    if (words.size() != 2) return wrong_usage();
    Result<Account> account = existing(words[1]);
    if (!account) return failed(account.error());
    Result<> removed = accounts_.remove(account->address);
    return done(removed,
                fmt::format("{} deleted; its mailbox {} was left", account->address, account->mailbox),
                account->address);
}

CommandResult Commands::set_quota(const Words& words) {
    if (words.size() != 3) return wrong_usage();
    Result<Account> account = existing(words[1]);
    if (!account) return failed(account.error());
    Result<std::uint64_t> quota = parse_size(words[2]);
    if (!quota) return failed(quota.error());
    Result<> set = accounts_.set_quota(account->address, *quota);
    return done(set, fmt::format("{}: quota {}", account->address, *quota));
}

CommandResult Commands::list(const Words& words) {
    if (words.size() > 2) return wrong_usage();
    Result<std::vector<Account>> all = accounts_.list(words.size() == 2 ? text::to_lower(words[1]) : "");
    if (!all) return failed(all.error());
    CommandResult result;
    for (const Account& account : *all)
        result.lines.push_back(account.address + (account.enabled ? "" : " disabled"));
    return result;
}

CommandResult Commands::show(const Words& words) {
    if (words.size() != 2) return wrong_usage();
    Result<Account> account = existing(words[1]);
    if (!account) return failed(account.error());
    auto number_or = [](const std::optional<std::uint32_t>& id) {
        return id ? std::to_string(*id) : std::string("of virtual_owner");
    };
    CommandResult result;
    result.lines = {
        "address: " + account->address,
        fmt::format("enabled: {}", account->enabled ? "yes" : "no"),
        "mailbox: " + account->mailbox,
        "quota: " + (account->quota == 0 ? "none" : std::to_string(account->quota)),
        fmt::format("apop: {}", account->sealed_secret.empty() ? "no" : "yes"),
        "uid: " + number_or(account->uid),
        "gid: " + number_or(account->gid),
        "created: " + text::print_utc(account->created),
        "changed: " + text::print_utc(account->changed),
    };
    Result<std::vector<Alias>> aliases = accounts_.aliases();
    if (!aliases) return failed(aliases.error());
    for (const Alias& alias : *aliases)
        if (alias.target == account->address) result.lines.push_back("alias: " + alias.address);
    return result;
}

CommandResult Commands::test_login(const Words& words, const Secret& password) {
    if (words.size() != 2) return wrong_usage();
    Result<Account> account = existing(words[1]);
    if (!account) return failed(account.error());
    if (!sasl::verify_password(account->password_hash, password))
        return {EX_NOPERM, {account->address + ": wrong password"}, false, {}};
    if (!account->enabled)
        return {EX_NOPERM, {account->address + ": the password is right, but disabled"}, false, {}};
    return {0, {account->address + ": the password is right"}, false, {}};
}

CommandResult Commands::domain(const Words& words) {
    if (words.size() == 2 && words[1] == "list") {
        Result<std::vector<std::string>> all = accounts_.domains();
        if (!all) return failed(all.error());
        return {0, *all, false, {}};
    }
    if (words.size() != 3) return wrong_usage();
    if (words[1] == "add") return done(accounts_.add_domain(words[2]), "domain " + words[2] + " added");
    if (words[1] == "delete")
        return done(accounts_.remove_domain(words[2]), "domain " + words[2] + " deleted");
    return wrong_usage();
}

CommandResult Commands::alias(const Words& words) {
    if (words.size() >= 2 && words.size() <= 3 && words[1] == "list") {
        Result<std::vector<Alias>> all = accounts_.aliases(words.size() == 3 ? text::to_lower(words[2]) : "");
        if (!all) return failed(all.error());
        CommandResult result;
        for (const Alias& alias : *all) result.lines.push_back(alias.address + " " + alias.target);
        return result;
    }
    if (words.size() == 4 && words[1] == "add")
        return done(accounts_.add_alias(words[2], words[3]),
                    fmt::format("alias {} to {} added", words[2], words[3]));
    if (words.size() >= 3 && words.size() <= 4 && words[1] == "delete")
        return done(accounts_.remove_alias(words[2], words.size() == 4 ? words[3] : ""),
                    fmt::format("alias {} deleted", words[2]));
    return wrong_usage();
}

}  // namespace ekiden::accounts
