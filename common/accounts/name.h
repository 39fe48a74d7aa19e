#pragma once
// The names of accounts, aliases and domains in the one form in which they are stored and looked up: ASCII
// letters in lower case (a mailbox that differs only in case would be a trap for its owner's correspondents),
// and nothing that would be dangerous as a file name, for the mailbox is domain/localpart/ below
// virtual_mailbox_base.
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace ekiden::accounts {

struct Name {
    std::string localpart;
    std::string domain;
    std::string address() const { return localpart + "@" + domain; }
    // Below virtual_mailbox_base: a Maildir.
    std::string mailbox() const { return domain + "/" + localpart + "/"; }
};

// "Bob@Example.TEST" → bob, example.test. Malformed with a sentence for the administrator: no or several @, a
// localpart over 64 octets (RFC 5321 §4.5.3.1.1) or with control characters, blanks, quotes, '/', a leading
// dot; a bad domain.
Result<Name> parse_name(std::string_view address);

// A domain of labels of letters, digits, hyphens and octets above 127 (U-labels): at most 255 octets,
// labels 63.
Result<std::string> parse_domain(std::string_view domain);

// An alias is an address, or "@domain" for all addresses of a domain that have no account or alias of their
// own.
Result<std::string> parse_alias(std::string_view alias);

}  // namespace ekiden::accounts
