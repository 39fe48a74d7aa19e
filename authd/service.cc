#include "authd/service.h"

#include <algorithm>

#include "common/log/events.h"
#include "common/text/ascii.h"

namespace ekiden::authd {
namespace {

using ipc::AuthAnswer;
using ipc::AuthState;

constexpr Milliseconds house_interval{2000};
constexpr std::size_t storage_queue = 10'000;

AuthAnswer answer_of(AuthState state, std::string why) {
    AuthAnswer answer{};
    answer.state = state;
    answer.why = std::move(why);
    return answer;
}

std::uint64_t worker_of(const ipc::Sender& sender) { return std::hash<std::string>()(owner_of(sender)); }

}  // namespace

Service::Service(event::Loop& loop, const Clock& clock, Options options, std::shared_ptr<Storage> storage,
                 MailboxIdentity mailboxes, sasl::Nobody nobody, AskSystem ask_system)
    : loop_(loop),
      clock_(clock),
      options_(std::move(options)),
      storage_(std::move(storage)),
      mailboxes_(mailboxes),
      failures_(clock, options_.failures, limits::failures),
      tickets_(clock, options_.ticket_ttl, limits::tickets),
      grants_(clock, options_.grants),
      rates_(clock, options_.rate_unit, limits::clients),
      challenges_(clock, storage_->key.derive("apop challenges"), options_.host_name,
                  limits::used_challenges),
      exchanges_(clock, limits::exchange_age, limits::exchanges),
      storage_thread_(loop, 1, storage_queue),
      hashing_(loop, options_.hash_threads, limits::waiting_checks),
      saver_(loop, storage_thread_, storage_, grants_),
      logins_({loop, clock, hashing_, storage_, failures_, tickets_, grants_, saver_, std::move(ask_system)},
              options_, std::move(nobody)),
      administration_({clock, storage_thread_, storage_, grants_, saver_, logins_}, options_.commands) {}

void Service::begin() {
    Result<std::vector<Grant>> kept = storage_->grants.load();
    // Without the old grants people log in again; without this process they could not.
    if (kept)
        grants_.load(*kept);
    else
        log::emit(events::grants_not_kept, kept.error());
    end_grants_of_changed_accounts(true);
    administration_.begin();
}

// Accounts may be changed while this process is down, or by another one: who cannot log in any more keeps no
// grant.
void Service::end_grants_of_changed_accounts(bool since_the_last_run) {
    for (const Grant& grant : grants_.list()) {
        Result<std::optional<accounts::Account>> account = storage_->reader.find(grant.user);
        if (!account) continue;
        bool system = options_.system_accounts && !grant.user.contains('@');
        bool gone = !*account ? grant.service != "ekipop" && !system : !(*account)->enabled;
        bool changed = *account && since_the_last_run && (*account)->changed > grant.since;
        if (gone || changed) grants_.revoke_user(grant.user);
    }
}

Task<> Service::keep_house() {
    while (true) {
        co_await loop_.sleep(house_interval);
        grants_.sweep();
        exchanges_.sweep();
        saver_.start();
        co_await follow_accounts();
    }
}

Task<> Service::follow_accounts() {
    bool out_of_date = co_await administration_.out_of_date();
    if (!out_of_date) co_return;
    logins_.forget_all();
    end_grants_of_changed_accounts(false);
    co_await administration_.publish();
}

void Service::peer_lost(const ipc::Sender& sender) {
    rates_.worker_gone(worker_of(sender));
    exchanges_.owner_gone(owner_of(sender));
}

void Service::configure(Options options) {
    // Databases, threads and the capacity of the cache stay until the next start.
    options_ = std::move(options);
    failures_.set_policy(options_.failures);
    tickets_.set_time_to_live(options_.ticket_ttl);
    grants_.set_policy(options_.grants);
    rates_.set_time_unit(options_.rate_unit);
    logins_.configure(options_);
    administration_.configure(options_.commands);
}

bool Service::offered(const sasl::MechanismInfo& mechanism, std::string_view service) const {
    if (service == "pop3" || service == "imap" || options_.mechanism_filter.empty()) return true;
    return std::ranges::any_of(options_.mechanism_filter, [&](const std::string& name) {
        return text::equal_ignoring_case(name, mechanism.name);
    });
}

// What a front sends is bounded by its protocol; longer names are no front's words.
static bool plausible(const ipc::ClientFacts& client, std::string_view user) {
    return client.service.size() <= 32 && client.address.size() <= 64 && client.session.size() <= 128 &&
           user.size() <= 1024;
}

Task<Result<AuthAnswer>> Service::start(ipc::AuthStart question, ipc::Sender sender) {
    if (!plausible(question.client, "")) co_return malformed("a client that cannot be");
    const sasl::MechanismInfo* info = sasl::find_mechanism(question.mechanism);
    if (info == nullptr || !offered(*info, question.client.service)) {
        std::string method = text::printable(question.mechanism, 32);
        AuthAnswer refused =
            co_await logins_.refuse(std::move(question.client), method, "", "no such mechanism");
        co_return refused;
    }
    Exchange exchange{owner_of(sender), std::move(question.client), std::string(info->name),
                      info->make(options_.host_name)};
    AuthAnswer answer = co_await advance(std::move(exchange), std::move(question.initial_response));
    co_return answer;
}

Task<Result<AuthAnswer>> Service::proceed(ipc::AuthContinue question, ipc::Sender sender) {
    std::optional<Exchange> exchange = exchanges_.take(question.exchange, owner_of(sender));
    // Older than its limit, or begun before a restart of ours: the client can begin again.
    if (!exchange) co_return answer_of(AuthState::temporary, "the exchange is not known (any more)");
    AuthAnswer answer = co_await advance(std::move(*exchange), std::move(question.response));
    co_return answer;
}

Task<AuthAnswer> Service::advance(Exchange exchange, std::optional<Secret> response) {
    std::optional<std::string_view> octets;
    if (response) octets = response->reveal();
    sasl::Step step = exchange.mechanism->step(octets);
    if (auto* challenge = std::get_if<sasl::Challenge>(&step)) {
        AuthAnswer answer = answer_of(AuthState::proceed, "");
        answer.challenge = std::move(challenge->octets);
        answer.exchange = exchanges_.keep(std::move(exchange));
        co_return answer;
    }
    if (auto* broken = std::get_if<sasl::Malformed>(&step))
        co_return answer_of(AuthState::malformed, broken->reason);
    AuthAnswer answer{};
    if (auto* claim = std::get_if<sasl::PasswordClaim>(&step))
        answer = co_await logins_.by_password(std::move(exchange.client), exchange.method, std::move(*claim));
    else if (auto* digest = std::get_if<sasl::DigestClaim>(&step))
        answer = co_await logins_.by_digest(std::move(exchange.client), Logins::Digest::cram_md5,
                                            std::move(*digest));
    co_return answer;
}

Task<Result<AuthAnswer>> Service::password_login(ipc::PasswordLogin question, ipc::Sender) {
    if (!plausible(question.client, question.user)) co_return malformed("a client or name that cannot be");
    sasl::PasswordClaim claim{std::move(question.user), "", std::move(question.password)};
    AuthAnswer answer = co_await logins_.by_password(std::move(question.client), "PLAIN", std::move(claim));
    co_return answer;
}

Task<Result<AuthAnswer>> Service::apop_login(ipc::ApopLogin question, ipc::Sender) {
    if (!plausible(question.client, question.user)) co_return malformed("a client or name that cannot be");
    Result<> fresh = challenges_.use(question.challenge);
    if (!fresh) {
        AuthAnswer refused = co_await logins_.refuse(std::move(question.client), "APOP",
                                                     std::move(question.user), fresh.error().text);
        co_return refused;
    }
    sasl::DigestClaim claim{std::move(question.user), std::move(question.challenge),
                            std::move(question.digest)};
    AuthAnswer answer =
        co_await logins_.by_digest(std::move(question.client), Logins::Digest::apop, std::move(claim));
    co_return answer;
}

Task<Result<ipc::ApopChallenges>> Service::challenges(ipc::TakeApopChallenges question, ipc::Sender) {
    ipc::ApopChallenges batch;
    std::size_t count = std::min<std::size_t>(question.count, limits::challenge_batch);
    for (std::size_t i = 0; i < count; ++i) batch.challenges.push_back(challenges_.issue());
    co_return batch;
}

Task<Result<ipc::Mechanisms>> Service::mechanisms(ipc::ListMechanisms question, ipc::Sender) {
    Result<bool> any_sealed = storage_->reader.any_sealed();
    if (!any_sealed) co_return pass(any_sealed);
    ipc::Mechanisms list{};
    list.apop = *any_sealed;
    for (const sasl::MechanismInfo& info : sasl::mechanisms())
        if (offered(info, question.service) && (*any_sealed || !info.needs_clear_secret))
            list.names.emplace_back(info.name);
    co_return list;
}

Task<Result<ipc::MailboxOwner>> Service::redeem(ipc::RedeemTicket question, ipc::Sender) {
    Result<TicketHolder> holder = tickets_.redeem(question.ticket, question.service);
    if (!holder) {
        log::emit(events::ticket_refused, text::printable(question.service, 32), holder.error());
        co_return pass(holder);
    }
    if (!holder->login.contains('@')) {
        ipc::MailboxOwner user{};
        user.login = holder->login;
        user.system_user = true;
        co_return user;
    }
    Result<std::optional<accounts::Account>> found = storage_->reader.find(holder->login);
    if (!found) co_return pass(found);
    if (!*found || !(*found)->enabled) co_return denied("account " + holder->login + " is gone or disabled");
    const accounts::Account& account = **found;
    ipc::MailboxOwner owner{};
    owner.login = account.address;
    owner.mailbox = account.mailbox;
    owner.uid = account.uid.value_or(mailboxes_.uid);
    owner.gid = account.gid.value_or(mailboxes_.gid);
    owner.quota = account.quota;
    co_return owner;
}

Result<std::vector<std::string>> Service::owners_of(const std::string& address) {
    Result<std::vector<std::string>> owners = storage_->reader.sender_owners(address);
    if (owners && address.contains('@'))
        if (std::optional<std::string> user = logins_.system_name(address))
            owners->push_back(std::move(*user));
    return owners;
}

Task<Result<ipc::GrantVerdict>> Service::check_grant(ipc::CheckGrant question, ipc::Sender) {
    Result<net::IpAddress> client = net::IpAddress::parse(question.address);
    if (!client) co_return pass(client);
    std::vector<std::string> owners;
    if (grants_.policy().match_sender) {
        Result<std::vector<std::string>> found = owners_of(question.sender);
        if (!found) co_return pass(found);
        owners = std::move(*found);
    }
    GrantAnswer answer = grants_.check(*client, question.sender, owners);
    saver_.start();
    ipc::GrantVerdict verdict{};
    verdict.granted = answer.outcome == GrantOutcome::granted;
    verdict.sender_refused = answer.outcome == GrantOutcome::sender_refused;
    verdict.over_limit = answer.outcome == GrantOutcome::over_limit;
    verdict.user = answer.grant.user;
    verdict.since = answer.grant.since;
    verdict.expires = answer.grant.expires;
    co_return verdict;
}

Task<Result<ipc::SenderVerdict>> Service::check_sender(ipc::CheckSenderOwner question, ipc::Sender) {
    Result<std::vector<std::string>> owners = owners_of(question.sender);
    if (!owners) co_return pass(owners);
    co_return ipc::SenderVerdict{std::ranges::find(*owners, question.login) != owners->end()};
}

Task<Result<ipc::ClientCounts>> Service::count_client(ipc::CountClient question, ipc::Sender sender) {
    co_return rates_.count(worker_of(sender), question.service, question.address, question.event);
}

Task<Result<ipc::AdminReply>> Service::administer(ipc::AdminCommand command, ipc::Sender sender) {
    Result<ipc::AdminReply> answer = co_await administration_.run(std::move(command), std::move(sender));
    co_return answer;
}

void Service::cancel(const ipc::AuthCancel& message, const ipc::Sender& sender) {
    (void)exchanges_.take(message.exchange, owner_of(sender));
}

void Service::client_gone(const ipc::ClientGone& message, const ipc::Sender& sender) {
    rates_.gone(worker_of(sender), message.service, message.address);
}

Task<> Service::finish() {
    // What cannot be kept now was reported; there is no later.
    Result<> kept = co_await saver_.settle();
    (void)kept;
}

std::vector<ipc::NamedValue> Service::counters() const {
    return {{"grants", std::to_string(grants_.size())},
            {"tickets", std::to_string(tickets_.open())},
            {"exchanges", std::to_string(exchanges_.size())},
            {"clients", std::to_string(rates_.clients())},
            {"checks", std::to_string(logins_.hashes_computed())},
            {"checks_waiting", std::to_string(hashing_.waiting())}};
}

}  // namespace ekiden::authd
