#include "local-delivery/command_text.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <optional>

#include "common/text/ascii.h"
#include "local-delivery/local_outcome.h"

namespace ekiden::local_delivery {
namespace {

using ipc::DeliveryStatus;

constexpr std::size_t longest_value = 4096;  // octets of a value in the environment
constexpr std::size_t shown_output = 1000;   // octets of the output in log and DSN

struct Meaning {
    int status;
    std::string_view dsn, text;
};
constexpr auto meanings = std::to_array<Meaning>({
    {64, "5.3.0", "command line usage error"},
    {65, "5.6.0", "data format error"},
    {66, "5.3.0", "cannot open input"},
    {67, "5.1.1", "user unknown"},
    {68, "5.1.2", "host name unknown"},
    {69, "5.3.0", "service unavailable"},
    {70, "5.3.0", "internal software error"},
    {71, "4.3.0", "system resource problem"},
    {72, "5.3.0", "critical OS file missing"},
    {73, "5.2.0", "can't create user output file"},
    {74, "5.3.0", "input/output error"},
    {75, "4.3.0", "temporary failure"},
    {76, "5.5.0", "remote error in protocol"},
    {77, "5.7.0", "permission denied"},
    {78, "5.3.5", "local configuration error"},
});

// One line of it, without control characters.
std::string shown(std::string_view output) {
    std::string line(text::trim(output.substr(0, shown_output)));
    std::ranges::replace_if(
        line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    return line;
}

// RFC 3463: class "." 1*3digit "." 1*3digit, and a blank or the end behind it.
std::optional<std::string> status_code(std::string_view output) {
    std::size_t end = std::min(output.find_first_not_of("0123456789."), output.size());
    std::string code(output.substr(0, end));
    if (end < output.size() && !text::is_space(output[end])) return std::nullopt;
    std::vector<std::string> parts = text::split(code, ".");
    bool right = parts.size() == 3 && std::ranges::count(code, '.') == 2 && parts[0].size() == 1 &&
                 (parts[0] == "4" || parts[0] == "5") && parts[1].size() <= 3 && parts[2].size() <= 3;
    return right ? std::optional(code) : std::nullopt;
}

}  // namespace

bool needs_shell(std::string_view command) {
    return std::ranges::any_of(command, [](char c) {
        return !text::is_alnum(c) && std::string_view("!@%-_=+:,./ \t").find(c) == std::string_view::npos;
    });
}

std::vector<std::string> environment_of(const ipc::Deliver& message, const Account& account,
                                        const LocalSettings& settings) {
    const ipc::DeliveryRecipient& recipient = message.recipients.front();
    const std::string& own = account.nobody_in_particular ? recipient.user : account.name;
    AddressParts parts = parts_of(recipient.address, settings.delimiters, own);
    std::vector<std::string> environment{"PATH=/usr/bin:/bin"};
    auto set = [&](const char* name, const std::string& value) {
        environment.push_back(fmt::format("{}={}", name, value));
    };
    auto tell = [&](const char* name, const std::string& value) {
        if (!value.empty()) set(name, filtered(value.substr(0, longest_value), settings.command_filter));
    };
    if (!account.nobody_in_particular) {
        set("HOME", account.home);
        set("SHELL", account.shell.empty() ? "/bin/sh" : account.shell);
    }
    const std::string& user = account.nobody_in_particular ? parts.user : account.name;
    tell("USER", user);
    tell("LOGNAME", user);
    tell("LOCAL", parts.local);
    tell("EXTENSION", parts.extension);
    tell("DOMAIN", parts.domain);
    tell("RECIPIENT", recipient.address);
    tell("ORIGINAL_RECIPIENT", recipient.original.empty() ? recipient.address : recipient.original);
    set("SENDER", filtered(message.sender.substr(0, longest_value), settings.command_filter));
    tell("ENVID", message.envelope_id);
    tell("CLIENT_ADDRESS", message.client_address);
    tell("CLIENT_HELO", message.helo);
    tell("CLIENT_HOSTNAME", message.client_name);
    tell("CLIENT_PROTOCOL", message.protocol);
    tell("SASL_USERNAME", message.login);
    for (const auto& [name, value] : settings.exported) set(name.c_str(), value);
    return environment;
}

ipc::RecipientOutcome outcome_of(const CommandEnd& end, const ipc::DeliveryRecipient& recipient) {
    const std::string command = text::printable(recipient.target, shown_output);
    std::string output = shown(end.output);
    auto outcome = [&](DeliveryStatus status, std::string_view dsn, std::string text) {
        if (!output.empty()) text += ". Command output: " + output;
        return local_outcome(recipient, status, std::string(dsn), std::move(text));
    };
    if (end.not_executed) return outcome(DeliveryStatus::deferred, "4.3.0", "temporary failure");
    if (end.timed_out)
        return outcome(DeliveryStatus::deferred, "4.3.0", "Command time limit exceeded: \"" + command + "\"");
    if (WIFSIGNALED(end.wait_status))
        return outcome(
            DeliveryStatus::deferred, "4.3.0",
            fmt::format("Command died with signal {}: \"{}\"", WTERMSIG(end.wait_status), command));
    int status = WEXITSTATUS(end.wait_status);
    if (status == 0)
        return local_outcome(recipient, DeliveryStatus::sent, "2.0.0", "delivered to command: " + command);
    if (std::optional<std::string> code = status_code(end.output)) {
        std::string_view words = text::trim(std::string_view(output).substr(code->size()));
        return local_outcome(recipient,
                             code->starts_with('4') ? DeliveryStatus::deferred : DeliveryStatus::bounced,
                             *code, words.empty() ? "the command gave no reason" : std::string(words));
    }
    for (const Meaning& meaning : meanings)
        if (meaning.status == status)
            return outcome(meaning.dsn.starts_with('4') ? DeliveryStatus::deferred : DeliveryStatus::bounced,
                           meaning.dsn, std::string(meaning.text));
    return outcome(DeliveryStatus::bounced, "5.3.0",
                   fmt::format("Command died with status {}: \"{}\"", status, command));
}

}  // namespace ekiden::local_delivery
