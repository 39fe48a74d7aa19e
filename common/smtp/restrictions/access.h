#pragma once
// The pure part of access tables (access(5)): which keys are looked up, and what a result means.
#include <string>
#include <string_view>
#include <vector>

#include "common/smtp/restrictions/restriction.h"
#include "common/tables/lookup_order.h"

namespace ekiden::smtp {

// The name, where it is known, and its parent domains, then the address and its networks by whole octets
// (IPv6: by pairs).
std::vector<tables::Key> access_keys_of_client(std::string_view name, std::string_view address, bool parents);

// What a table's value means for this evaluation. Values that are not understood defer with 451 4.3.5.
Decision decide_by_access(Evaluation& evaluation, std::string_view value);

}  // namespace ekiden::smtp
