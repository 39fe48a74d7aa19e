#pragma once
// Reading master.cf: one service a logical line, eight columns, the last of a (name, type) winning. Default
// values of columns are filled in; the fields as written are kept for ekiconf -M. Which programs exist is not
// known here.
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/config/finding.h"
#include "common/config/settings.h"

namespace ekiden::config {

enum class ServiceType : std::uint8_t {
    inet,         // name is [host:]port
    unix_socket,  // a socket of that name below queue_directory; `fifo` of old files is read as this
    pass,         // descriptors passed over a unix socket
    unix_dgram,
    last = unix_dgram,
};

// As written in the second column.
std::string_view name_of(ServiceType type);

// Where an inet service listens.
struct Endpoint {
    std::string host;  // an address without brackets or a name; empty: all addresses of inet_interfaces
    std::uint16_t port;
};

struct ServiceEntry {
    std::string name;
    ServiceType type;
    bool is_private;
    bool unprivileged;
    bool chroot;
    Seconds wakeup;                             // 0: never
    bool wakeup_only_used;                      // `60?`: not before the service was used
    std::optional<std::int64_t> process_limit;  // nothing: default_process_limit; 0: no limit
    std::string command;
    std::vector<std::string> arguments;                      // all after the command, braces taken off
    RawValues overrides;                                     // the -o arguments
    std::map<std::string, int, std::less<>> override_lines;  // of the file, by parameter
    std::vector<std::pair<std::string, int>> unknown;  // arguments that are neither -o nor -v, with lines
    int verbose;                                       // how many -v
    Endpoint endpoint;                                 // of inet only
    std::array<std::string, 8> fields;  // as written; the last holds the command and its arguments
    int line;                           // of the file, from 1
};

// Reads what parses and puts a finding for each line that does not.
std::vector<ServiceEntry> parse_master_cf(std::string_view content, const std::string& file,
                                          std::vector<Finding>& findings);

// "25", "smtp", "127.0.0.1:25", "[::1]:smtp", "localhost:2525". Errors are malformed and say what is wrong
// with which part.
Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace ekiden::config
