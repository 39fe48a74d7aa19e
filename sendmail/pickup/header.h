#pragma once
// What mail of this host's own users gets that other mail must bring along: Received:, Message-Id:, Date: and
// From: where they are missing, addresses with a domain, and no blind copies. Works on text in wire form.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/maildrop/drop.h"

namespace ekiden::pickup {

struct Host {
    std::string name, mail_name;  // myhostname, mail_name
    std::string origin;           // myorigin: the domain of addresses without one
    bool obsolete_from = false;   // header_from_format
};

// An envelope address: completed with the origin; "" stays the null sender.
std::string complete_address(const std::string& address, const Host& host);

struct Stamp {
    unsigned uid;
    std::string queue_id;
    std::int64_t now;  // UTC seconds
};

// The header section `header` mended, with what belongs on top of it. An empty line is added where the
// message has none in front of its body. `whole`: false for the beginning of a header that is too long to be
// looked at.
std::string mend_header(std::string_view header, bool whole, const maildrop::Envelope& envelope,
                        const Host& host, const Stamp& stamp);

}  // namespace ekiden::pickup
