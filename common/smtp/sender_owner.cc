#include "common/smtp/sender_owner.h"

#include <algorithm>

#include "common/text/ascii.h"

namespace ekiden::smtp {

Task<Result<bool>> owns_sender(Backend& backend, List maps, std::string login, std::string sender) {
    ipc::CheckSenderOwner question{login, sender};
    Result<ipc::SenderVerdict> verdict = co_await backend.ask(std::move(question));
    if (!verdict) co_return pass(verdict);
    if (verdict->owned) co_return true;
    std::string lower = text::to_lower(sender);
    std::size_t at = lower.rfind('@');
    if (at == std::string::npos) co_return false;
    const List keys{lower, lower.substr(0, at + 1), lower.substr(at)};
    for (const std::string& map : maps) {
        for (const std::string& key : keys) {
            ipc::LookUpTable lookup{map, key, key != lower};
            Result<ipc::TableAnswer> answer = co_await backend.ask(std::move(lookup));
            if (!answer) co_return pass(answer);
            if (!answer->found) continue;
            List logins = text::split(answer->value, ", \t");
            auto same = [&](const std::string& owner) { return text::equal_ignoring_case(owner, login); };
            if (std::ranges::any_of(logins, same)) co_return true;
            break;  // the first key that the table has decides for it
        }
    }
    co_return false;
}

}  // namespace ekiden::smtp
