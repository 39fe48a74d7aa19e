#pragma once
// The pure part of access tables (access(5)): which keys are looked up, and what a result means.
#include <string>
#include <string_view>
#include <vector>

#include "common/smtp/restrictions/restriction.h"

namespace ekiden::smtp {

// The name and its parent domains, then the address and its networks by whole octets (IPv6: by pairs).
std::vector<std::string> access_keys_of_host(std::string_view name, std::string_view address);

// user+ext@domain, user@domain, domain and its parents, user+ext@, user@; `null_key` for the null sender.
// `delimiter`: the characters of recipient_delimiter.
std::vector<std::string> access_keys_of_address(std::string_view address, std::string_view null_key,
                                                std::string_view delimiter);

// What a table's value means for this evaluation. Values that are not understood defer with 451 4.3.5.
Decision decide_by_access(Evaluation& evaluation, std::string_view value);

}  // namespace ekiden::smtp
