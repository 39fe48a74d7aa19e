#include "common/mailbox/maildir_name.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/mailbox/digest.h"
#include "common/text/ascii.h"

namespace ekiden::mailbox {
namespace {

constexpr std::size_t longest_unique_id = 70;
constexpr std::size_t longest_host = 100;

// A host name that can end neither the path nor the base.
std::string safe_host(std::string_view host) {
    std::string out(host.substr(0, longest_host));
    for (char& c : out)
        if (!text::is_alnum(c) && c != '.' && c != '-') c = '_';
    return out.empty() ? "localhost" : out;
}

}  // namespace

MaildirName parse_name(std::string_view name) {
    MaildirName parsed;
    std::string_view info = name.substr(std::min(name.find(':'), name.size()));
    if (info.starts_with(":2,")) parsed.flags = info.substr(3);
    std::string_view rest = name.substr(0, name.size() - info.size());
    parsed.base = rest.substr(0, rest.find(','));
    rest.remove_prefix(parsed.base.size());
    while (!rest.empty()) {
        rest.remove_prefix(1);
        std::string_view part = rest.substr(0, rest.find(','));
        if (part.starts_with("S=")) parsed.size = text::parse_number(part.substr(2));
        if (part.starts_with("W=")) parsed.wire_size = text::parse_number(part.substr(2));
        rest.remove_prefix(part.size());
    }
    return parsed;
}

std::string delivery_base(std::int64_t arrival_seconds, std::string_view queue_id, std::uint32_t recipient,
                          std::string_view host) {
    return fmt::format("{}.Q{}R{}.{}", arrival_seconds, queue_id, recipient, safe_host(host));
}

std::string message_name(std::string_view base, std::uint64_t size, std::uint64_t wire_size) {
    return fmt::format("{},S={},W={}", base, size, wire_size);
}

std::string unique_id(std::string_view name) {
    std::string_view base = parse_name(name).base;
    bool plain = !base.empty() && base.size() <= longest_unique_id &&
                 std::ranges::all_of(base, [](char c) { return c > 0x20 && c < 0x7f; });
    return plain ? std::string(base) : name_digest(base);
}

std::string name_digest(std::string_view text) {
    Digest digest;
    digest.add(text);
    return digest.text();
}

}  // namespace ekiden::mailbox
