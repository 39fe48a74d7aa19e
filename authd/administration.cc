#include "authd/administration.h"

#include <fmt/format.h>
#include <sysexits.h>

#include "common/accounts/grant_commands.h"
#include "common/config/settings.h"
#include "common/log/events.h"
#include "common/text/ascii.h"
#include "common/text/utc.h"

namespace ekiden::authd {
namespace {

using ipc::AdminReply;

AdminReply reply(int status, std::string line) {
    return {static_cast<std::uint8_t>(status), {std::move(line)}};
}

}  // namespace

Task<Result<AdminReply>> Administration::run(ipc::AdminCommand command, ipc::Sender sender) {
    if (command.words.empty()) co_return malformed("an empty command");
    std::string tool = command.words.front() == "grants" ? "ekipop" : "ekiuser";
    Words words(command.words.begin() + 1, command.words.end());
    std::string shown;
    for (const std::string& word : words) shown += (shown.empty() ? "" : " ") + word;
    AdminReply answer{};
    if (command.words.front() == "user") {
        answer = co_await user(std::move(words), std::move(command.password));
    } else if (command.words.front() == "grants") {
        answer = co_await grants(std::move(words));
    } else {
        co_return malformed("an unknown tool");
    }
    bool looked_only = shown.starts_with("list") || shown.starts_with("show") || shown.contains(" list");
    if (!looked_only)
        log::emit(events::account_command, tool, text::printable(shown, 200), answer.exit_status, sender.pid);
    co_return answer;
}

// Before the command returns the directory is published, so that mail to a new address is accepted at once.
Task<AdminReply> Administration::user(Words words, std::optional<Secret> password) {
    struct Outcome {
        accounts::CommandResult command;
        Result<> published;
    };
    auto job = [storage = parts_.storage, policy = policy_, words = std::move(words),
                password = std::move(password), &clock = parts_.clock]() -> Outcome {
        accounts::Commands commands(storage->writer, storage->key, policy);
        accounts::CommandResult done = commands.run(words, password ? &*password : nullptr);
        Result<> published;
        if (done.changed) published = storage->publish(clock);
        return {std::move(done), std::move(published)};
    };
    Result<Outcome> outcome = co_await parts_.thread.run(std::move(job));
    if (!outcome) co_return reply(EX_TEMPFAIL, outcome.error().text);
    accounts::CommandResult& done = outcome->command;
    if (!done.touched.empty()) {
        parts_.logins.account_changed(done.touched);
        std::size_t ended = parts_.grants.revoke_user(done.touched);
        if (ended > 0) log::emit(events::grants_revoked, ended, done.touched);
        parts_.saver.start();
    }
    if (done.changed) note(outcome->published);
    if (!outcome->published) done.lines.push_back("warning: " + outcome->published.error().text);
    co_return AdminReply{static_cast<std::uint8_t>(done.exit_status), std::move(done.lines)};
}

void Administration::begin() {
    version_ = parts_.storage->writer.database().data_version().value_or(0);
    note(parts_.storage->publish(parts_.clock));
}

void Administration::note(const Result<>& published) {
    unpublished_ = !published;
    if (!published) log::emit(events::directory_not_published, published.error());
}

// The writer's own changes leave its data_version as it is.
Task<bool> Administration::out_of_date() {
    auto job = [storage = parts_.storage] { return storage->writer.database().data_version(); };
    Result<std::int64_t> now = co_await parts_.thread.run(std::move(job));
    if (now && *now != version_) {
        version_ = *now;
        unpublished_ = true;
    }
    co_return unpublished_;
}

Task<> Administration::publish() {
    auto job = [storage = parts_.storage, &clock = parts_.clock] { return storage->publish(clock); };
    Result<> published = co_await parts_.thread.run(std::move(job));
    note(published);
}

Task<AdminReply> Administration::grants(Words words) {
    if (!accounts::is_grants_command(words)) co_return AdminReply{EX_USAGE, accounts::grants_usage()};
    AdminReply answer{};
    if (words[0] == "list") {
        answer = list_grants();
    } else if (words[0] == "add") {
        answer = add_grant(words);
    } else if (words[0] == "revoke") {
        answer = revoke_grants(words);
    } else {
        std::size_t count = parts_.grants.flush();
        log::emit(events::grants_revoked, count, "everybody");
        answer = reply(EX_OK, fmt::format("{} grants ended", count));
    }
    Result<> kept = co_await parts_.saver.settle();
    if (!kept && answer.exit_status == EX_OK) co_return reply(EX_TEMPFAIL, kept.error().text);
    co_return answer;
}

AdminReply Administration::list_grants() {
    AdminReply answer{};
    std::int64_t now = parts_.clock.wall_seconds();
    for (const Grant& grant : parts_.grants.list()) {
        // One message holds some 4 MB; a table that is longer is cut with a word.
        if (answer.lines.size() == 20'000) {
            answer.lines.push_back(fmt::format("… and {} more", parts_.grants.size() - answer.lines.size()));
            break;
        }
        answer.lines.push_back(fmt::format("{} {} {} {} {} {}", grant.network, grant.user, grant.service,
                                           text::print_utc(grant.since), grant.expires - now,
                                           grant.recipients));
    }
    return answer;
}

AdminReply Administration::add_grant(const Words& words) {
    Result<net::IpAddress> address = net::IpAddress::parse(words[1]);
    if (!address) return reply(EX_DATAERR, address.error().text);
    std::optional<std::string> user = parts_.logins.canonical(words[2]);
    if (!user) return reply(EX_DATAERR, text::printable(words[2], 100) + " is not an address");
    Result<std::optional<accounts::Account>> account = parts_.storage->reader.find(*user);
    if (!account) return reply(EX_TEMPFAIL, account.error().text);
    if (!*account) return reply(EX_NOUSER, "account " + *user + " does not exist");
    Seconds ttl = parts_.grants.policy().ttl;
    if (words.size() == 4) {
        std::optional<Seconds> given = config::parse_time(words[3]);
        if (!given || given->count() <= 0 || *given > std::chrono::hours(24 * 366))
            return reply(EX_DATAERR, text::printable(words[3], 40) + " is not a time up to a year");
        ttl = *given;
    }
    Result<Grant> grant = parts_.grants.add(*address, *user, ttl);
    if (!grant) return reply(EX_NOPERM, grant.error().text);
    log::emit(events::grant_opened, grant->network, *user, grant->service, ttl.count(), "");
    return reply(EX_OK, fmt::format("{} may relay from {} until {}", *user, grant->network,
                                    text::print_utc(grant->expires)));
}

AdminReply Administration::revoke_grants(const Words& words) {
    Result<net::IpAddress> address = net::IpAddress::parse(words[1]);
    std::optional<std::string> user = parts_.logins.canonical(words[1]);
    if (!address && !user)
        return reply(EX_DATAERR, "neither an IP address nor a user: " + text::printable(words[1], 100));
    std::size_t count = address ? parts_.grants.revoke_address(*address) : parts_.grants.revoke_user(*user);
    log::emit(events::grants_revoked, count, address ? address->print() : *user);
    if (count == 0) return reply(EX_UNAVAILABLE, "no grants of " + text::printable(words[1], 100));
    return reply(EX_OK, fmt::format("{} grants ended", count));
}

}  // namespace ekiden::authd
