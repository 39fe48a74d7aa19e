#include "authd/logins.h"

#include <algorithm>

#include "common/log/events.h"
#include "common/net/address.h"
#include "common/sasl/digest.h"
#include "common/sasl/random.h"
#include "common/text/ascii.h"

namespace ekiden::authd {
namespace {

using ipc::AuthAnswer;
using ipc::AuthState;

// Services whose good login is followed by opening a mailbox.
bool opens_mailbox(std::string_view service) { return service == "pop3" || service == "imap"; }

AuthAnswer answer_of(AuthState state, std::string why) {
    AuthAnswer answer{};
    answer.state = state;
    answer.why = std::move(why);
    return answer;
}

}  // namespace

Logins::Logins(Parts parts, const Options& options, sasl::Nobody nobody)
    : parts_(std::move(parts)),
      options_(options),
      checks_(parts_.loop, parts_.clock, parts_.hashing, std::move(nobody), options.cache_ttl,
              options.cache_size) {}

void Logins::configure(const Options& options) { options_ = options; }

std::optional<std::string> Logins::canonical(std::string_view user) const {
    std::string whole(user);
    if (!whole.contains('@') && !options_.default_domain.empty()) whole += "@" + options_.default_domain;
    Result<accounts::Name> name = accounts::parse_name(whole);
    if (!name) return std::nullopt;
    return name->address();
}

std::optional<std::string> Logins::system_name(std::string_view user) const {
    if (!options_.system_accounts || user.empty()) return std::nullopt;
    std::size_t at = user.rfind('@');
    if (at == std::string_view::npos) return std::string(user);
    std::string domain = text::to_lower(user.substr(at + 1));
    if (at == 0 || std::ranges::find(options_.local_domains, domain) == options_.local_domains.end())
        return std::nullopt;
    return std::string(user.substr(0, at));
}

Logins::Attempt Logins::attempt(ipc::ClientFacts client, std::string method, std::string_view user) const {
    return {std::move(client), std::move(method), std::string(user), parts_.clock.steady_us()};
}

// The account, where there is one that may log in.
Result<std::optional<accounts::Account>> Logins::usable(const std::optional<std::string>& login) {
    if (!login) return std::optional<accounts::Account>();
    Result<std::optional<accounts::Account>> account = parts_.storage->reader.find(*login);
    if (account && *account && !(*account)->enabled) account->reset();
    return account;
}

Task<AuthAnswer> Logins::by_password(ipc::ClientFacts client, std::string method, sasl::PasswordClaim claim) {
    Attempt now = attempt(std::move(client), std::move(method), claim.user);
    if (parts_.failures.refused(now.client.address)) {
        AuthAnswer refused = co_await fail(std::move(now), "too many bad logins from this address");
        co_return refused;
    }
    std::optional<std::string> login = canonical(claim.user);
    Result<std::optional<accounts::Account>> account = usable(login);
    if (!account) co_return answer_of(AuthState::temporary, account.error().text);
    std::string hash = *account ? (*account)->password_hash : "";
    std::optional<std::string> system = system_name(claim.user);
    if (system && login && !*account) {
        Result<std::optional<accounts::Account>> disabled = parts_.storage->reader.find(*login);
        if (!disabled) co_return answer_of(AuthState::temporary, disabled.error().text);
        if (*disabled) system.reset();
    }
    if (system && !*account) {
        AuthAnswer answer = co_await by_system(std::move(now), std::move(*system), std::move(claim));
        co_return answer;
    }

    Result<bool> right =
        co_await checks_.is_right(now.client.address, login.value_or(claim.user), hash, claim.password);
    if (!right) co_return answer_of(AuthState::temporary, right.error().text);
    bool good = *right;
    if (good) {
        // The account may have been changed while the password was checked.
        Result<std::optional<accounts::Account>> still = usable(login);
        if (!still) co_return answer_of(AuthState::temporary, still.error().text);
        good = *still && (*still)->password_hash == hash;
    }
    // RFC 4616 §2: acting as somebody else takes a right that no account has.
    bool as_self = claim.act_as.empty() || canonical(claim.act_as) == login;
    if (!good || !as_self) {
        std::string why = !*account ? "no such account, or disabled"
                          : !good   ? "wrong password"
                                    : "may not act as another";
        AuthAnswer failed = co_await fail(std::move(now), std::move(why));
        co_return failed;
    }
    AuthAnswer succeeded = co_await succeed(std::move(now), *login);
    co_return succeeded;
}

// An account of that name goes first, also when it is disabled: then this is not asked.
Task<AuthAnswer> Logins::by_system(Attempt now, std::string name, sasl::PasswordClaim claim) {
    bool as_self = claim.act_as.empty() || system_name(claim.act_as) == name;
    ipc::CheckSystemPassword question{name, std::move(claim.password), now.client.address};
    Result<ipc::SystemAnswer> answer = temporary("there is no PAM helper");
    if (parts_.ask_system) answer = co_await parts_.ask_system(std::move(question));
    if (!answer) co_return answer_of(AuthState::temporary, answer.error().text);
    if (answer->verdict == ipc::SystemVerdict::undecided)
        co_return answer_of(AuthState::temporary, answer->why);
    if (answer->verdict == ipc::SystemVerdict::wrong || !as_self || answer->user.contains('@')) {
        AuthAnswer failed = co_await fail(std::move(now), as_self ? answer->why : "may not act as another");
        co_return failed;
    }
    AuthAnswer succeeded = co_await succeed(std::move(now), std::move(answer->user));
    co_return succeeded;
}

bool Logins::digest_is_right(Digest kind, const std::optional<accounts::Account>& account,
                             const sasl::DigestClaim& claim) const {
    // Without an account, or one whose secret is not kept, the same work is done on a secret that nobody has.
    Secret secret(sasl::random_octets(16));
    bool allowed = account && !account->sealed_secret.empty();
    if (allowed) {
        Result<Secret> opened = parts_.storage->key.open(account->sealed_secret, account->address);
        allowed = opened.has_value();
        if (opened) secret = std::move(*opened);
    }
    std::string right = kind == Digest::apop ? sasl::apop_digest(claim.challenge, secret)
                                             : sasl::cram_md5_digest(claim.challenge, secret);
    return sasl::equal_in_constant_time(right, text::to_lower(claim.digest)) && allowed;
}

Task<AuthAnswer> Logins::by_digest(ipc::ClientFacts client, Digest kind, sasl::DigestClaim claim) {
    Attempt now = attempt(std::move(client), kind == Digest::apop ? "APOP" : "CRAM-MD5", claim.user);
    if (parts_.failures.refused(now.client.address)) {
        AuthAnswer refused = co_await fail(std::move(now), "too many bad logins from this address");
        co_return refused;
    }
    std::optional<std::string> login = canonical(claim.user);
    Result<std::optional<accounts::Account>> account = usable(login);
    if (!account) co_return answer_of(AuthState::temporary, account.error().text);
    if (!digest_is_right(kind, *account, claim)) {
        std::string why = !*account                           ? "no such account, or disabled"
                          : (*account)->sealed_secret.empty() ? "not enabled for this account"
                                                              : "wrong digest";
        AuthAnswer failed = co_await fail(std::move(now), std::move(why));
        co_return failed;
    }
    AuthAnswer succeeded = co_await succeed(std::move(now), *login);
    co_return succeeded;
}

Task<AuthAnswer> Logins::refuse(ipc::ClientFacts client, std::string method, std::string user,
                                std::string why) {
    Attempt now = attempt(std::move(client), std::move(method), user);
    AuthAnswer failed = co_await fail(std::move(now), std::move(why));
    co_return failed;
}

Task<AuthAnswer> Logins::fail(Attempt attempt, std::string why) {
    std::string counted = canonical(attempt.user).value_or(attempt.user);
    Milliseconds delay = parts_.failures.record(attempt.client.address, counted);
    // Logged at once: a guesser who hangs up early is seen all the same.
    log::emit(events::login_failed, text::printable(attempt.user, 255), attempt.method,
              attempt.client.address, attempt.client.service, attempt.client.tls ? "yes" : "no", why,
              attempt.client.session);
    // The delay counts from the beginning of the attempt, so that it hides how long the check took.
    Milliseconds spent((parts_.clock.steady_us() - attempt.started_us) / 1000);
    co_await parts_.loop.sleep(delay - spent);
    co_return answer_of(AuthState::failure, std::move(why));
}

Task<AuthAnswer> Logins::succeed(Attempt attempt, std::string login) {
    AuthAnswer answer{};
    answer.state = AuthState::success;
    answer.login = login;
    answer.system_user = !login.contains('@');
    Result<net::IpAddress> address = net::IpAddress::parse(attempt.client.address);
    Grants::Login grant = Grants::Login::none;
    if (address) grant = parts_.grants.logged_in(*address, login, attempt.client.service, attempt.client.tls);
    if (grant == Grants::Login::opened)
        log::emit(events::grant_opened, address->print(), login, attempt.client.service,
                  parts_.grants.policy().ttl.count(), attempt.client.session);
    if (grant != Grants::Login::none) {
        // A full disk must not keep people from their mail: the grant then holds until the next restart only,
        // and the log says so.
        Result<> kept = co_await parts_.saver.settle();
        if (!kept) answer.why = "the grant was not kept: " + kept.error().text;
    }
    if (opens_mailbox(attempt.client.service))
        answer.ticket = parts_.tickets.issue({login, attempt.client.service, attempt.client.address});
    co_return answer;
}

void Logins::account_changed(std::string_view address) {
    checks_.forget(address);
    parts_.tickets.revoke(address);
}

}  // namespace ekiden::authd
