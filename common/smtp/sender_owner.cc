#include "common/smtp/sender_owner.h"

#include <algorithm>

#include "common/text/ascii.h"

namespace ekiden::smtp {

Task<Result<bool>> owns_sender(Backend& backend, List maps, std::string login, std::string sender) {
    ipc::CheckSenderOwner question{login, sender};
    Result<ipc::SenderVerdict> verdict = co_await backend.ask(std::move(question));
    if (!verdict) co_return pass(verdict);
    if (verdict->owned) co_return true;
    if (maps.empty()) co_return false;
    ipc::LookUpAddress lookup{std::move(maps), std::move(sender)};
    Result<ipc::TableAnswer> answer = co_await backend.ask(std::move(lookup));
    if (!answer) co_return pass(answer);
    List owners = answer->found ? text::split(answer->value, ", \t") : List();
    co_return std::ranges::any_of(
        owners, [&](const std::string& owner) { return text::equal_ignoring_case(owner, login); });
}

}  // namespace ekiden::smtp
