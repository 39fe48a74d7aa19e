#pragma once
// What an address says to the user whose mail it is: the user's name, what stands behind recipient_delimiter,
// the domain; and the paths of forward_path for it.
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "local-delivery/account.h"

namespace ekiden::local_delivery {

struct AddressParts {
    std::string local;      // "taro+list", as it stands in the address
    std::string user;       // "taro"
    std::string delimiter;  // "+", or empty
    std::string extension;  // "list", or empty
    std::string domain;
};

// `account`: its name is never cut, whatever delimiters it holds; empty: nobody's.
AddressParts parts_of(std::string_view address, std::string_view delimiters, std::string_view account);

struct ForwardPath {
    std::string raw;     // forward_path
    std::string filter;  // forward_expansion_filter
};

// The files to look for, in their order; one that names a part which the address lacks is left out, as is one
// that leads through `..` or is not absolute.
Result<std::vector<std::string>> forward_files(const ForwardPath& path, const Account& account,
                                               std::string_view address, const AddressParts& parts);

// The directories in which these can be, for any address of that account; those below its home left out.
std::vector<std::string> forward_directories(const ForwardPath& path, const Account& account);

// Octets that are not in `filter` become '_'.
std::string filtered(std::string_view text, std::string_view filter);

}  // namespace ekiden::local_delivery
