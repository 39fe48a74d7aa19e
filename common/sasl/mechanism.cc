// PLAIN (RFC 4616), LOGIN (draft-murchison-sasl-login, what Outlook and old phones speak) and CRAM-MD5 (RFC
// 2195).
#include "common/sasl/mechanism.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "common/sasl/password.h"
#include "common/sasl/random.h"
#include "common/text/ascii.h"
#include "common/text/base64.h"

namespace ekiden::sasl {
namespace {

bool valid_password(std::string_view password) {
    return !password.empty() && password.size() <= limits::password && !password.contains('\0');
}

//   message = [authzid] UTF8NUL authcid UTF8NUL passwd
class Plain final : public Mechanism {
  public:
    Step step(std::optional<std::string_view> response) override {
        if (!response && !asked_) {
            asked_ = true;
            return Challenge{};
        }
        if (!response) return Malformed{"PLAIN: no response"};
        return parse(*response);
    }

  private:
    static Step parse(std::string_view message) {
        if (message.size() > limits::response) return Malformed{"PLAIN: too long"};
        std::size_t first = message.find('\0');
        if (first == std::string_view::npos) return Malformed{"PLAIN: no NUL"};
        std::size_t second = message.find('\0', first + 1);
        if (second == std::string_view::npos) return Malformed{"PLAIN: one NUL"};
        std::string_view act_as = message.substr(0, first);
        std::string_view user = message.substr(first + 1, second - first - 1);
        std::string_view password = message.substr(second + 1);
        if (!act_as.empty() && !valid_identity(act_as)) return Malformed{"PLAIN: bad authorization identity"};
        if (!valid_identity(user)) return Malformed{"PLAIN: bad user name"};
        if (!valid_password(password)) return Malformed{"PLAIN: bad password"};
        return PasswordClaim{std::string(user), std::string(act_as), Secret(std::string(password))};
    }

    bool asked_ = false;
};

class Login final : public Mechanism {
  public:
    Step step(std::optional<std::string_view> response) override {
        if (!response && phase_ == Phase::user && !asked_) {
            asked_ = true;
            return Challenge{"Username:"};
        }
        if (!response) return Malformed{"LOGIN: no response"};
        if (phase_ == Phase::user) {  // clients do send the name as initial response
            if (!valid_identity(*response)) return Malformed{"LOGIN: bad user name"};
            user_ = *response;
            phase_ = Phase::password;
            return Challenge{"Password:"};
        }
        if (!valid_password(*response)) return Malformed{"LOGIN: bad password"};
        return PasswordClaim{user_, "", Secret(std::string(*response))};
    }

  private:
    enum class Phase { user, password };
    Phase phase_ = Phase::user;
    bool asked_ = false;
    std::string user_;
};

// RFC 2195 §2: the response is the user's name, a space and the digest.
class CramMd5 final : public Mechanism {
  public:
    explicit CramMd5(std::string_view host_name)
        : challenge_(fmt::format("<{}@{}>", text::hex_encode(random_octets(16)), host_name)) {}

    Step step(std::optional<std::string_view> response) override {
        if (!asked_) {
            if (response) return Malformed{"CRAM-MD5: takes no initial response"};
            asked_ = true;
            return Challenge{challenge_};
        }
        if (!response) return Malformed{"CRAM-MD5: no response"};
        std::size_t space = response->rfind(' ');
        if (space == std::string_view::npos) return Malformed{"CRAM-MD5: no space"};
        std::string_view user = response->substr(0, space), digest = response->substr(space + 1);
        auto hex = [](char c) { return text::is_digit(c) || (c >= 'a' && c <= 'f'); };
        if (!valid_identity(user)) return Malformed{"CRAM-MD5: bad user name"};
        if (digest.size() != 32 || !std::ranges::all_of(digest, hex))
            return Malformed{"CRAM-MD5: bad digest"};
        return DigestClaim{std::string(user), challenge_, std::string(digest)};
    }

  private:
    std::string challenge_;
    bool asked_ = false;
};

constexpr std::array<MechanismInfo, 3> registry{{
    {"CRAM-MD5", false, true,
     [](std::string_view host) -> std::unique_ptr<Mechanism> { return std::make_unique<CramMd5>(host); }},
    {"PLAIN", true, false,
     [](std::string_view) -> std::unique_ptr<Mechanism> { return std::make_unique<Plain>(); }},
    {"LOGIN", true, false,
     [](std::string_view) -> std::unique_ptr<Mechanism> { return std::make_unique<Login>(); }},
}};

}  // namespace

std::span<const MechanismInfo> mechanisms() { return registry; }

const MechanismInfo* find_mechanism(std::string_view name) {
    auto found = std::ranges::find_if(
        registry, [&](const MechanismInfo& info) { return text::equal_ignoring_case(info.name, name); });
    return found == registry.end() ? nullptr : &*found;
}

bool valid_identity(std::string_view name) {
    auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    return !name.empty() && name.size() <= limits::identity && std::ranges::none_of(name, control);
}

}  // namespace ekiden::sasl
