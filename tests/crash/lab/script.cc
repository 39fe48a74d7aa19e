#include "tests/crash/lab/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace ekiden::crash {
namespace {

struct Name {
    std::string_view name, domain, fate;
};

// moss: has an mbox, the others a Maildir. later: waits at its first attempt. bounce: refused by its host.
// unknown: refused by the router. staff: an alias.
constexpr Name names[] = {
    {"alice", "example.jp", "local"},     {"bob", "example.jp", "local"},
    {"later", "example.jp", "local"},     {"dora", "example.jp", "local"},
    {"eve", "example.jp", "local"},       {"moss", "example.jp", "local"},
    {"carol", "example.net", "remote"},   {"bounce", "example.net", "bounced"},
    {"unknown", "example.jp", "bounced"}, {"staff", "example.jp", ""},
};

const Name& known(std::string_view name) {
    return *std::ranges::find_if(names, [&](const Name& n) { return n.name == name; });
}

using Random = std::mt19937_64;
int pick(Random& random, int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); }

std::vector<Mail> one_of_each() {
    return {{"", Way::in_commit, 700, {"alice"}, Deed::nothing},
            {"", Way::by_file, 9000, {"alice", "bob"}, Deed::nothing},
            {"", Way::in_commit_big, 7000, {"bob"}, Deed::nothing},
            {"", Way::in_commit, 900, {"bounce", "alice"}, Deed::nothing},
            {"", Way::by_file, 6000, {"unknown"}, Deed::nothing},
            {"", Way::in_commit, 500, {"staff", "alice"}, Deed::nothing},
            {"", Way::in_commit, 1200, {"carol", "bob"}, Deed::nothing},
            {"", Way::in_commit, 1100, {"moss", "alice"}, Deed::nothing},
            {"", Way::by_file, 6500, {"moss"}, Deed::nothing},
            {"", Way::in_commit, 600, {"later", "alice"}, Deed::nothing},
            {"", Way::by_file, 5000, {"later"}, Deed::hold_and_remove},
            {"", Way::in_commit, 800, {"later", "carol"}, Deed::hold_and_release},
            {"", Way::in_commit, 300, {"later"}, Deed::hold},
            {"", Way::in_commit, 400, {"later"}, Deed::requeue}};
}

Mail at_random(Random& random) {
    Mail mail;
    mail.way = static_cast<Way>(pick(random, 0, 2));
    mail.size = static_cast<std::size_t>(mail.way == Way::in_commit ? pick(random, 200, 3500)
                                                                    : pick(random, 4200, 12'000));
    for (const Name& name : names)
        if (pick(random, 0, 3) == 0) mail.recipients.emplace_back(name.name);
    if (mail.recipients.empty()) mail.recipients.emplace_back("alice");
    // Who is an addressee twice, also by an alias, gets one copy; so that the ledger stays simple, nobody is.
    if (std::ranges::count(mail.recipients, "staff") > 0)
        std::erase_if(mail.recipients, [](const std::string& n) { return n == "dora" || n == "eve"; });
    if (mail.recipients == std::vector<std::string>{"later"})
        mail.deed = static_cast<Deed>(pick(random, 0, 4));
    return mail;
}

}  // namespace

Script make_script(std::uint64_t seed, int extra) {
    Random random(seed);
    std::vector<Mail> all = one_of_each();
    for (int i = 0; i < extra; ++i) all.push_back(at_random(random));
    std::ranges::shuffle(all, random);
    Script script;
    std::size_t number = 0;
    while (number < all.size()) {
        std::vector<Mail> group;
        for (int i = pick(random, 1, 4); i > 0 && number < all.size(); --i) {
            group.push_back(std::move(all[number]));
            group.back().mark = fmt::format("m{}", ++number);
        }
        (number <= all.size() * 2 / 3 ? script.first : script.second).push_back(std::move(group));
    }
    return script;
}

std::string content_of(std::string_view mark, std::size_t size) {
    std::string content = fmt::format("Received: from client.example.jp\r\nSubject: mark={};\r\n\r\n", mark);
    for (int line = 1; content.size() + 60 < size; ++line)
        content += fmt::format("line {} of {}, which is as long as this\r\n", line, mark);
    return content + fmt::format("end of {}\r\n", mark);
}

std::string mark_in(std::string_view text) {
    std::size_t at = text.find("mark=");
    std::size_t end = at == std::string_view::npos ? at : text.find(';', at);
    return end == std::string_view::npos ? std::string() : std::string(text.substr(at + 5, end - at - 5));
}

std::string address_of(std::string_view name) { return fmt::format("{}@{}", name, known(name).domain); }

std::vector<std::string> behind(std::string_view name) {
    if (name == "staff") return {"dora", "eve"};
    return {std::string(name)};
}

std::string fates_of(const std::vector<std::string>& recipients) {
    std::string fates;
    for (const std::string& recipient : recipients)
        for (const std::string& name : behind(recipient))
            fates += fmt::format("{}{}={}", fates.empty() ? "" : " ", name, known(name).fate);
    return fates;
}

}  // namespace ekiden::crash
