#pragma once
// SASL mechanisms (RFC 4422), the server's side, as small machines without I/O: a client response goes in,
// the next step comes out. A mechanism never sees an account: where it needs one it ends with a claim, and
// authd proves or refuses the claim. Octets here are decoded; base64 and "*" (cancel) are the protocol's
// business.
//
// A new mechanism is a class here and a row in the registry (mechanism.cc).
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "common/base/secret.h"

namespace ekiden::sasl {

namespace limits {
inline constexpr std::size_t identity = 255;   // octets of a user's name, RFC 4616 §2
inline constexpr std::size_t response = 4096;  // octets of one decoded client response
}  // namespace limits

// Send this to the client and feed its response to the next step. May be empty.
struct Challenge {
    std::string octets;
};

// The exchange is over: this user says that this is the password.
struct PasswordClaim {
    std::string user;    // authentication identity
    std::string act_as;  // authorization identity; empty where none was asked for
    Secret password;
};

// The exchange is over: this user says that the digest is right for the challenge (CRAM-MD5).
struct DigestClaim {
    std::string user;
    std::string challenge;
    std::string digest;  // 32 lower-case hex digits
};

// The exchange is over: the client broke the mechanism's rules. The text is for the log.
struct Malformed {
    std::string reason;
};

using Step = std::variant<Challenge, PasswordClaim, DigestClaim, Malformed>;

class Mechanism {
  public:
    virtual ~Mechanism() = default;
    // The first call passes the initial response, or nothing where the client sent none (RFC 4422 §3.3: an
    // empty initial response is not none). After a step that ends the exchange it must not be called again.
    virtual Step step(std::optional<std::string_view> response) = 0;
};

struct MechanismInfo {
    std::string_view name;    // as announced, upper case
    bool shows_password;      // only under TLS, unless the administrator allows it
    bool needs_clear_secret;  // only for accounts whose secret is kept sealed
    std::unique_ptr<Mechanism> (*make)(std::string_view host_name);
};

// All mechanisms, strongest first as they are to be announced.
std::span<const MechanismInfo> mechanisms();
// By name, in any case; nullptr when there is none.
const MechanismInfo* find_mechanism(std::string_view name);

// Whether the text may be a user's name: 1 to 255 octets without control characters.
bool valid_identity(std::string_view name);

}  // namespace ekiden::sasl
