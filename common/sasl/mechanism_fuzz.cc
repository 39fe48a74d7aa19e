// The first octet picks the mechanism; the rest, split at 0xff, are the client's responses.
#include "common/sasl/mechanism.h"
#include "common/sasl/random.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden::sasl;
    if (size == 0) return 0;
    initialize();
    auto all = mechanisms();
    auto mechanism = all[data[0] % all.size()].make("mail.example.test");
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    bool with_initial = (data[0] & 0x80) != 0;
    std::optional<std::string_view> response;
    for (int round = 0; round < 8; ++round) {
        if (round > 0 || with_initial) {
            std::size_t end = std::min(rest.find('\xff'), rest.size());
            response = rest.substr(0, end);
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        Step step = mechanism->step(response);
        if (std::holds_alternative<Challenge>(step)) continue;
        if (auto* claim = std::get_if<PasswordClaim>(&step))
            if (!valid_identity(claim->user) || claim->password.empty()) __builtin_trap();
        break;
    }
    return 0;
}
