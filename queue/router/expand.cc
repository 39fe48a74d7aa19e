// What an address leads to: virtual aliases of every class first, step by step, then alias_maps for the names
// of this host. Bounded in number, depth and length; nothing is looked up twice.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <set>

#include "common/mail/address.h"
#include "common/text/ascii.h"
#include "queue/router/router.h"

namespace ekiden::router {
namespace {

std::string domain_of(std::string_view address) {
    return std::string(address.substr(address.rfind('@') + 1));
}

// "|command", "/file", ":include:file" belong into aliases(5): here they are no addresses, though an atom may
// begin like that.
bool is_command_or_file(std::string_view target) {
    return target.find('@') == std::string_view::npos && target.find_first_of("|/:\"") == 0;
}

// Whether local-delivery may be told to do this at all.
bool allowed(const Settings& settings, mail::AliasTarget::Kind kind) {
    using Kind = mail::AliasTarget::Kind;
    auto names_alias = [](const List& list) { return std::ranges::find(list, "alias") != list.end(); };
    if (kind == Kind::command) return names_alias(settings[param::allow_mail_to_commands]);
    if (kind == Kind::file) return names_alias(settings[param::allow_mail_to_files]);
    return true;
}

}  // namespace

// What aliases(5) made of a local name. Addresses go on in a message of their own and are looked at when that
// is delivered; a name among its own targets, and `\name`, stay.
void Router::take_alias(const std::string& address, LocalAlias alias, const std::string& sender,
                        std::vector<Expanded>& results) const {
    using Kind = mail::AliasTarget::Kind;
    const Settings& settings = routing_->settings();
    for (mail::AliasTarget& target : alias.targets) {
        Expanded& result = results.emplace_back();
        result.address = address;
        if (!allowed(settings, target.kind)) {
            bool command = target.kind == Kind::command;
            result.problem = fmt::format("5.7.1 mail to {} is restricted", command ? "command" : "file");
            continue;
        }
        result.user = alias.user;
        result.target = std::move(target.text);
        bool owned = !sender.empty() && !alias.owner.empty();
        result.sender = owned ? alias.owner : sender;
        // What runs or is read here with another sender than this message has is a message of its own, too.
        result.forwarded = owned && target.kind != Kind::address;
        switch (target.kind) {
            case Kind::command: result.destination = ipc::Destination::command; break;
            case Kind::file: result.destination = ipc::Destination::file; break;
            case Kind::include: result.destination = ipc::Destination::include; break;
            case Kind::address: {
                std::string whole = routing_->complete(std::exchange(result.target, ""));
                result.user.clear();
                bool itself = text::equal_ignoring_case(whole, address);
                if (itself || target.no_further_alias) {
                    result.address = std::move(whole);
                    if (target.no_further_alias) result.destination = ipc::Destination::user_mailbox;
                } else {
                    result.address = std::move(whole);
                    result.forwarded = true;
                }
            }
        }
    }
}

Task<Result<std::vector<Expanded>>> Router::expand(std::string root, std::string sender,
                                                   std::vector<std::string> delivered_to) {
    struct Step {
        std::string address;
        std::int64_t depth;
    };
    const Settings& settings = routing_->settings();
    std::string first = routing_->complete(root);
    std::deque<Step> work{{first, 0}};
    std::set<std::string> seen{text::to_lower(first)};
    std::vector<Expanded> results;
    auto failed = [&](const char* why) { return std::vector<Expanded>{{first, why}}; };
    while (!work.empty()) {
        Step step = std::move(work.front());
        work.pop_front();
        Result<AddressClass> address_class = co_await routing_->class_of(domain_of(step.address));
        if (!address_class) co_return pass(address_class);
        Result<std::optional<List>> targets = co_await routing_->targets_of(step.address, *address_class);
        if (!targets) co_return pass(targets);
        if (!*targets && *address_class == AddressClass::local) {
            Result<std::optional<LocalAlias>> alias = co_await routing_->local_alias_of(step.address);
            if (!alias) co_return pass(alias);
            auto is_this = [&](const std::string& one) {
                return text::equal_ignoring_case(one, step.address);
            };
            if (*alias && std::ranges::any_of(delivered_to, is_this)) {
                results.push_back({step.address, "5.4.6 mail forwarding loop for " + step.address});
                continue;
            }
            if (*alias) {
                take_alias(step.address, std::move(**alias), sender, results);
                continue;
            }
        }
        if (!*targets) results.push_back({step.address, ""});
        for (const std::string& raw : targets->value_or(List())) {
            std::string target = routing_->complete(raw);
            if (target.rfind('@') > mail::limits::local_part)
                co_return failed("4.6.0 Alias expansion error: unreasonable result address length");
            if (is_command_or_file(raw) || !mail::parse_mailbox(target, true)) {
                results.push_back(
                    {step.address, "5.3.0 alias target is not an address: " + text::printable(raw, 100)});
                continue;
            }
            // An address among its own targets stands for itself.
            if (text::equal_ignoring_case(target, step.address)) results.push_back({step.address, ""});
            if (!seen.insert(text::to_lower(target)).second) continue;
            if (step.depth >= settings[param::virtual_alias_recursion_limit])
                co_return failed("4.6.0 Alias expansion error: unreasonable nesting");
            if (target.size() > static_cast<std::size_t>(settings[param::virtual_alias_address_length_limit]))
                co_return failed("4.6.0 Alias expansion error: unreasonable result address length");
            work.push_back({std::move(target), step.depth + 1});
        }
        if (results.size() + work.size() >
            static_cast<std::size_t>(settings[param::virtual_alias_expansion_limit]))
            co_return failed("4.6.0 Alias expansion error: unreasonable number of results");
    }
    if (results.empty()) co_return failed("5.4.6 alias loop: the address leads back to itself");
    co_return results;
}

}  // namespace ekiden::router
