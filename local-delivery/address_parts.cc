#include "local-delivery/address_parts.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "common/config/expand.h"
#include "common/text/ascii.h"

namespace ekiden::local_delivery {
namespace {

constexpr std::size_t longest_path = 1024;

// What does not depend on the address.
std::optional<std::string> of_account(std::string_view name, const Account& account) {
    if (name == "user") return account.name;
    if (name == "home") return account.home;
    if (name == "shell") return account.shell;
    return std::nullopt;
}

bool is_clean(const std::string& path) {
    if (!path.starts_with('/') || path.size() > longest_path || path.find('\0') != std::string::npos)
        return false;
    return std::ranges::count(text::split(path, "/"), "..") == 0;
}

bool is_below(std::string_view path, std::string_view directory) {
    return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

}  // namespace

std::string filtered(std::string_view text, std::string_view filter) {
    std::string out(text);
    std::ranges::replace_if(out, [&](char c) { return filter.find(c) == std::string_view::npos; }, '_');
    return out;
}

AddressParts parts_of(std::string_view address, std::string_view delimiters, std::string_view account) {
    AddressParts parts;
    std::size_t at = address.rfind('@');
    parts.local = address.substr(0, at);
    if (at != std::string_view::npos) parts.domain = address.substr(at + 1);
    parts.user = parts.local;
    if (text::equal_ignoring_case(parts.local, account) || delimiters.empty()) return parts;
    // A delimiter at the beginning separates nothing.
    std::size_t cut = parts.local.find_first_of(delimiters, 1);
    if (cut == std::string::npos) return parts;
    parts.user = parts.local.substr(0, cut);
    parts.delimiter = parts.local.substr(cut, 1);
    parts.extension = parts.local.substr(cut + 1);
    return parts;
}

Result<std::vector<std::string>> forward_files(const ForwardPath& path, const Account& account,
                                               std::string_view address, const AddressParts& parts) {
    Result<std::vector<std::string>> candidates = config::split_list(path.raw);
    if (!candidates) return pass(candidates);
    std::vector<std::string> files;
    for (const std::string& candidate : *candidates) {
        bool lacking = false;
        auto value = [&](std::string_view name) -> std::optional<std::string> {
            std::optional<std::string> fixed = of_account(name, account);
            std::string found = fixed                           ? *fixed
                                : name == "recipient"           ? std::string(address)
                                : name == "local"               ? parts.local
                                : name == "domain"              ? parts.domain
                                : name == "extension"           ? parts.extension
                                : name == "recipient_delimiter" ? parts.delimiter
                                                                : "";
            if (found.empty()) lacking = true;
            // The result must not be read for further $names.
            std::string text = fixed ? found : filtered(found, path.filter);
            for (std::size_t i = text.find('$'); i != std::string::npos; i = text.find('$', i + 2))
                text.insert(i, "$");
            return text;
        };
        Result<std::string> file = config::expand(candidate, value);
        if (!file) return malformed("forward_path: " + file.error().text);
        if (!lacking && is_clean(*file)) files.push_back(std::move(*file));
    }
    return files;
}

std::vector<std::string> forward_directories(const ForwardPath& path, const Account& account) {
    Result<std::vector<std::string>> candidates = config::split_list(path.raw);
    std::vector<std::string> directories;
    for (const std::string& candidate : candidates ? *candidates : std::vector<std::string>()) {
        // Where the address has a say a mark stands, and the directory is above it.
        constexpr char mark = '\1';
        auto value = [&](std::string_view name) -> std::optional<std::string> {
            return of_account(name, account).value_or(std::string(1, mark));
        };
        Result<std::string> pattern = config::expand(candidate, value);
        if (!pattern) continue;
        std::string fixed = pattern->substr(0, pattern->find(mark));
        std::string directory = fixed.substr(0, std::max<std::size_t>(fixed.rfind('/'), 1));
        if (is_clean(directory) && !is_below(directory, account.home)) directories.push_back(directory);
    }
    return directories;
}

}  // namespace ekiden::local_delivery
