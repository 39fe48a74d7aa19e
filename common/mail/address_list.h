#pragma once
// Addresses as people write them in To: fields and on sendmail's command line (RFC 5322 §3.4, with the
// liberty that Postfix takes): phrases, comments, groups, routes, several in a row with or without commas.
// Nothing is refused; what makes no sense gives no address, nor does <>. Linear in the length, nothing is
// nested in memory.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/mail/address.h"

namespace ekiden::mail {

struct ListedAddress {
    Address address;    // unquoted local part; domain empty when none was written
    std::size_t begin;  // where it stands in the text, without angle brackets
    std::size_t end;
};

// All addresses in `text`, in their order.
std::vector<ListedAddress> addresses_in(std::string_view text);

// `text` with "@domain" behind each address that lacks one, everything else as it is.
std::string complete_addresses(std::string_view text, std::string_view domain);

}  // namespace ekiden::mail
