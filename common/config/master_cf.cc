// Ports by name come from a short table of the mail services first, so that a system without /etc/services
// works, then from the system's own. Host names are not looked up here: master does that when it binds, and
// names the failure.
#include "common/config/master_cf.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <expected>
#include <span>

#include "common/config/expand.h"
#include "common/config/logical_lines.h"
#include "common/config/main_cf.h"
#include "common/text/ascii.h"

namespace ekiden::config {
namespace {

constexpr std::array<std::string_view, 8> columns{"service", "type",   "private",       "unprivileged",
                                                  "chroot",  "wakeup", "process limit", "command"};

constexpr std::pair<std::string_view, std::uint16_t> mail_ports[] = {
    {"smtp", 25},   {"submission", 587}, {"submissions", 465}, {"smtps", 465}, {"urd", 465}, {"pop3", 110},
    {"pop3s", 995}, {"imap", 143},       {"imap2", 143},       {"imaps", 993}, {"lmtp", 24}};

Result<std::uint16_t> parse_port(std::string_view text) {
    if (auto number = text::parse_number(text)) {
        if (*number == 0 || *number > 65535)
            return malformed("port " + std::string(text) + " is not between 1 and 65535");
        return static_cast<std::uint16_t>(*number);
    }
    for (auto [name, port] : mail_ports)
        if (text == name) return port;
    if (const servent* entry = ::getservbyname(std::string(text).c_str(), "tcp"))
        return ntohs(static_cast<std::uint16_t>(entry->s_port));
    return malformed("unknown port name \"" + text::printable(text, 60) + "\" (use its number)");
}

Result<> check_host(std::string_view host, bool bracketed) {
    std::array<unsigned char, 16> address{};
    std::string copy(host);
    bool numeric =
        std::all_of(host.begin(), host.end(), [](char c) { return text::is_digit(c) || c == '.'; });
    if (bracketed || host.find(':') != std::string_view::npos) {
        if (::inet_pton(AF_INET6, copy.c_str(), address.data()) == 1) return {};
        if (bracketed && ::inet_pton(AF_INET, copy.c_str(), address.data()) == 1) return {};
        return malformed("bad address \"" + text::printable(host, 60) + "\"");
    }
    if (numeric) {
        if (::inet_pton(AF_INET, copy.c_str(), address.data()) == 1) return {};
        return malformed("bad IPv4 address \"" + copy + "\"");
    }
    bool good = std::all_of(host.begin(), host.end(),
                            [](char c) { return text::is_alnum(c) || c == '.' || c == '-' || c == '_'; });
    if (!good) return malformed("bad host name \"" + text::printable(host, 60) + "\"");
    return {};
}

Result<ServiceType> parse_type(std::string_view text) {
    if (text == "inet") return ServiceType::inet;
    if (text == "unix" || text == "fifo") return ServiceType::unix_socket;
    if (text == "pass") return ServiceType::pass;
    if (text == "unix-dgram") return ServiceType::unix_dgram;
    return malformed("unknown service type \"" + text::printable(text, 30) +
                     "\" (inet, unix, pass, unix-dgram or fifo)");
}

// A y/n column.
Result<bool> parse_flag(std::string_view text, std::string_view column, bool standard) {
    if (text == "-") return standard;
    if (text == "y") return true;
    if (text == "n") return false;
    return malformed("column \"" + std::string(column) + "\" is \"" + text::printable(text, 30) +
                     "\" instead of y, n or -");
}

Result<> parse_wakeup(std::string_view text, ServiceEntry& entry) {
    entry.wakeup = Seconds(0);
    entry.wakeup_only_used = false;
    if (text == "-") return {};
    if (text.ends_with('?')) {
        entry.wakeup_only_used = true;
        text.remove_suffix(1);
    }
    auto number = text::parse_number(text);
    if (!number || *number > 86400 * 366)
        return malformed("column \"wakeup\" is no number of seconds: \"" + text::printable(text, 30) + "\"");
    entry.wakeup = Seconds(static_cast<std::int64_t>(*number));
    return {};
}

Result<> parse_limit(std::string_view text, ServiceEntry& entry) {
    if (text == "-") return {};
    auto number = text::parse_number(text);
    if (!number || *number > 100000)
        return malformed("column \"process limit\" is no number up to 100000: \"" +
                         text::printable(text, 30) + "\"");
    entry.process_limit = static_cast<std::int64_t>(*number);
    return {};
}

// A word of a service's line, and the physical line that it stands on.
struct Word {
    std::string text;
    int line;
};

// What is wrong, on the line of the word that is.
struct Wrong {
    std::string text;
    int line;
};
template <class T = void>
using Parsed = std::expected<T, Wrong>;

std::unexpected<Wrong> wrong(std::string text, int line) {
    return std::unexpected(Wrong{std::move(text), line});
}

Parsed<> take_override(std::string_view text, int line, ServiceEntry& entry) {
    auto assignment = split_assignment(text);
    if (!assignment) return wrong("-o needs name=value, not \"" + text::printable(text, 60) + "\"", line);
    entry.overrides[assignment->first] = assignment->second;
    entry.override_lines[assignment->first] = line;
    return {};
}

// The arguments, words from the ninth on: -o and -v; what else there is, is kept aside.
Parsed<> parse_arguments(std::span<const Word> words, ServiceEntry& entry) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::string_view argument = without_braces(words[i].text);
        Parsed<> taken;
        if (argument == "-o") {
            if (i + 1 == words.size()) return wrong("-o without name=value after it", words[i].line);
            ++i;
            taken = take_override(without_braces(words[i].text), words[i].line, entry);
        } else if (argument.starts_with("-o")) {
            taken = take_override(without_braces(argument.substr(2)), words[i].line, entry);
        } else if (argument.starts_with("-v") && argument.find_first_not_of('v', 1) == std::string::npos) {
            entry.verbose += static_cast<int>(argument.size()) - 1;
        } else {
            entry.unknown.emplace_back(argument, words[i].line);
        }
        if (!taken) return taken;
    }
    return {};
}

Result<> parse_command(std::string_view command, ServiceEntry& entry) {
    entry.command = command;
    if (entry.command.find('/') != std::string::npos || entry.command.starts_with("-") ||
        entry.command.starts_with("."))
        return malformed("command \"" + text::printable(entry.command, 60) +
                         "\" must be the name of a program in daemon_directory");
    return {};
}

Result<> check_name(ServiceEntry& entry) {
    if (entry.type == ServiceType::inet) {
        Result<Endpoint> endpoint = parse_endpoint(entry.name);
        if (!endpoint) return pass(endpoint);
        entry.endpoint = *endpoint;
        return {};
    }
    bool good = std::all_of(entry.name.begin(), entry.name.end(),
                            [](char c) { return text::is_alnum(c) || c == '-' || c == '_' || c == '.'; });
    if (!good || entry.name.front() == '.')
        return malformed("bad socket name \"" + text::printable(entry.name, 60) + "\"");
    return {};
}

bool is_closed(std::string_view word) {
    int depth = 0;
    for (char c : word) {
        if (c == '{') ++depth;
        if (c == '}' && depth > 0) --depth;
    }
    return depth == 0;
}

Parsed<std::vector<Word>> words_of(const LogicalLine& logical) {
    std::vector<Word> words;
    for (std::string_view word : split_words(logical.text)) {
        int line = logical.line_at(static_cast<std::size_t>(word.data() - logical.text.data()));
        if (!is_closed(word)) return wrong("\"{\" without its \"}\"", line);
        words.push_back({std::string(word), line});
    }
    return words;
}

// One column of a service's line.
using Column = Result<> (*)(std::string_view text, ServiceEntry& entry);

Result<> parse_name_and_type(std::string_view text, ServiceEntry& entry) {
    Result<ServiceType> type = parse_type(text);
    if (!type) return pass(type);
    entry.type = *type;
    return check_name(entry);
}

Result<> parse_private(std::string_view text, ServiceEntry& entry) {
    Result<bool> flag = parse_flag(text, columns[2], entry.type != ServiceType::inet);
    if (!flag) return pass(flag);
    if (entry.type == ServiceType::inet && *flag)
        return malformed("an inet service cannot be private (use n)");
    entry.is_private = *flag;
    return {};
}

template <bool ServiceEntry::* member, std::size_t column, bool standard>
Result<> parse_yes_no(std::string_view text, ServiceEntry& entry) {
    Result<bool> flag = parse_flag(text, columns[column], standard);
    if (!flag) return pass(flag);
    entry.*member = *flag;
    return {};
}

// From the second on; the first, the name, is read with its type.
constexpr Column readers[] = {parse_name_and_type,
                              parse_private,
                              parse_yes_no<&ServiceEntry::unprivileged, 3, true>,
                              parse_yes_no<&ServiceEntry::chroot, 4, false>,
                              parse_wakeup,
                              parse_limit,
                              parse_command};

Parsed<ServiceEntry> parse_service(const LogicalLine& line) {
    if (text::is_space(line.text.front()))
        return wrong("the first line begins with white space, which would continue a line above", line.first);
    Parsed<std::vector<Word>> words = words_of(line);
    if (!words) return std::unexpected(words.error());
    if (words->size() < columns.size())
        return wrong("only " + std::to_string(words->size()) + " of 8 columns: \"" +
                         std::string(columns[words->size()]) + "\" is missing",
                     line.first);
    ServiceEntry entry{};
    entry.line = line.first;
    for (std::size_t i = 0; i < words->size(); ++i) {
        std::string& field = entry.fields[std::min<std::size_t>(i, 7)];
        field += (i > 7 ? " " : "") + (*words)[i].text;
        if (i > 7) entry.arguments.emplace_back(without_braces((*words)[i].text));
    }
    entry.name = entry.fields[0];
    for (std::size_t i = 1; i < columns.size(); ++i) {
        const Word& word = (*words)[i];
        if (Result<> read = readers[i - 1](word.text, entry); !read)
            return wrong(read.error().text, word.line);
    }
    Parsed<> arguments = parse_arguments(std::span(*words).subspan(columns.size()), entry);
    if (!arguments) return std::unexpected(arguments.error());
    return entry;
}

}  // namespace

std::string_view name_of(ServiceType type) {
    switch (type) {
        case ServiceType::inet: return "inet";
        case ServiceType::unix_socket: return "unix";
        case ServiceType::pass: return "pass";
        case ServiceType::unix_dgram: return "unix-dgram";
    }
    return "";
}

Result<Endpoint> parse_endpoint(std::string_view text) {
    Endpoint endpoint{};
    std::string_view host, port = text;
    bool bracketed = text.starts_with('[');
    if (bracketed) {
        std::size_t close = text.find("]:");
        if (close == std::string_view::npos)
            return malformed("\"" + text::printable(text, 60) + "\" is not [address]:port");
        host = text.substr(1, close - 1);
        port = text.substr(close + 2);
    } else if (std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
    }
    if (bracketed || !host.empty()) {
        if (Result<> good = check_host(host, bracketed); !good) return pass(good);
    }
    endpoint.host = host;
    Result<std::uint16_t> number = parse_port(port);
    if (!number) return pass(number);
    endpoint.port = *number;
    return endpoint;
}

std::vector<ServiceEntry> parse_master_cf(std::string_view content, const std::string& file,
                                          std::vector<Finding>& findings) {
    std::vector<ServiceEntry> services;
    if (content.size() > limits::configuration_file) {
        findings.push_back({Severity::error, file, 0, "the file is larger than 16 MiB",
                            "it holds something else than master.cf"});
        return services;
    }
    if (std::size_t nul = content.find('\0'); nul != std::string_view::npos) {
        auto before = content.substr(0, nul);
        int line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
        findings.push_back({Severity::error, file, line, "the file holds a NUL octet", "master.cf is text"});
        return services;
    }
    for (const LogicalLine& line : logical_lines(content)) {
        Parsed<ServiceEntry> entry = parse_service(line);
        if (!entry) {
            findings.push_back({Severity::error, file, entry.error().line, entry.error().text, ""});
            continue;
        }
        auto same = std::find_if(services.begin(), services.end(), [&](const ServiceEntry& earlier) {
            return earlier.name == entry->name && earlier.type == entry->type;
        });
        if (same == services.end()) {
            services.push_back(std::move(*entry));
            continue;
        }
        findings.push_back(
            {Severity::warning, file, line.first,
             "overriding earlier entry of service " + entry->name + "/" + std::string(name_of(entry->type)),
             "the earlier one is on line " + std::to_string(same->line)});
        *same = std::move(*entry);
    }
    return services;
}

}  // namespace ekiden::config
