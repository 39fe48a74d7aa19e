#include "authd/challenges.h"

#include <fmt/format.h>

#include "common/sasl/digest.h"
#include "common/sasl/random.h"
#include "common/text/ascii.h"
#include "common/text/base64.h"
#include "common/text/cursor.h"

namespace ekiden::authd {
namespace {

constexpr Seconds clock_slack{300};  // a challenge from the future: the wall clock was set back

bool is_hex(char c) { return text::is_digit(c) || (c >= 'a' && c <= 'f'); }

}  // namespace

Challenges::Challenges(const Clock& clock, Secret key, std::string host_name, std::size_t capacity)
    : clock_(clock), key_(std::move(key)), host_name_(std::move(host_name)), used_(capacity) {}

std::string Challenges::proof(std::string_view body) const {
    return text::hex_encode(sasl::keyed_digest(body, key_, 16));
}

std::string Challenges::issue() const {
    std::string body = fmt::format("{}.{}", text::hex_encode(sasl::random_octets(12)), clock_.wall_seconds());
    return fmt::format("<{}.{}@{}>", body, proof(body), host_name_);
}

Result<> Challenges::use(std::string_view challenge) {
    text::Cursor cursor(challenge);
    bool formed = cursor.take_if('<');
    std::size_t start = cursor.mark();
    cursor.take_while(is_hex);
    formed = formed && cursor.take_if('.');
    std::string_view seconds = cursor.take_while(text::is_digit);
    std::string body(cursor.since(start));
    formed = formed && cursor.take_if('.');
    std::string_view given = cursor.take_while(is_hex);
    formed = formed && cursor.rest() == "@" + host_name_ + ">";
    if (!formed || !sasl::equal_in_constant_time(given, proof(body)))
        return denied("not a challenge of ours");

    std::optional<std::uint64_t> issued = text::parse_number(seconds);
    std::int64_t age = clock_.wall_seconds() - static_cast<std::int64_t>(issued.value_or(0));
    if (age > limits::challenge_age.count() || age < -clock_slack.count())
        return denied("the challenge is too old");
    if (used_.find(body) != nullptr) return denied("the challenge was used before");
    used_.touch(body) = true;
    return {};
}

}  // namespace ekiden::authd
