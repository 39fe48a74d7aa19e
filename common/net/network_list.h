#pragma once
// A list of networks as mynetworks has it: "192.0.2.0/24", "[2001:db8::]/32", "!192.0.2.7"; the first element
// that matches decides. Tables and files are not taken here.
#include "common/config/params.h"
#include "common/net/address.h"

namespace ekiden::net {

class NetworkList {
  public:
    // Malformed names the element that cannot be used and what may stand in its place.
    static Result<NetworkList> parse(const List& items);
    bool contains(const IpAddress& address) const;

  private:
    struct Element {
        Network network;
        bool negated;
    };
    std::vector<Element> elements_;
};

}  // namespace ekiden::net
