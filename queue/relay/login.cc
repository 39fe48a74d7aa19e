#include "queue/relay/login.h"

#include "common/ipc/messages/router.h"
#include "common/text/base64.h"

namespace ekiden::relay {
namespace {

constexpr Milliseconds look_up_time{10'000};

}  // namespace

Result<Login> parse_login(std::string_view value) {
    const std::size_t colon = value.find(':');
    if (colon == std::string_view::npos || colon == 0)
        return malformed("smtp_sasl_password_maps: a value must be user:password");
    return Login{std::string(value.substr(0, colon)), Secret(std::string(value.substr(colon + 1)))};
}

std::string plain_response(const Login& login) {
    std::string response(1, '\0');
    response += login.user;
    response += '\0';
    response += login.password.reveal();
    return text::base64_encode(response);
}

Task<Result<std::optional<Login>>> TableLogins::find(std::string host, std::string next_hop) {
    for (const std::string& key : {host, next_hop}) {
        for (const std::string& table : tables_) {
            ipc::LookUpTable question{table, key};
            Result<ipc::TableAnswer> answer = co_await router_.ask(std::move(question), look_up_time);
            if (!answer) co_return pass(std::move(answer));
            if (!answer->found) continue;
            Result<Login> login = parse_login(answer->value);
            if (!login) co_return pass(std::move(login));
            co_return std::move(*login);
        }
    }
    co_return std::nullopt;
}

}  // namespace ekiden::relay
