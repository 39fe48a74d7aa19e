#pragma once
// The whole configuration as one sealed memory file: master reads and checks it once and hands the same
// descriptor to every child, so that a child in an empty root needs no path and all of one generation agree.
// It holds the raw values of main.cf, the services of master.cf and the content of the static tables.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/base/owned_fd.h"
#include "common/config/master_cf.h"
#include "common/config/settings.h"

namespace ekiden::config {

struct Snapshot {
    std::uint64_t generation = 0;
    std::string config_directory;
    RawValues main_cf;
    std::vector<ServiceEntry> services;
    std::map<std::string, std::string, std::less<>> files;  // path → content of texthash, cidr, regexp tables

    // The service of master.cf with this name and type column, or null.
    const ServiceEntry* service(std::string_view name, ServiceType type) const;
    // What a service has on top of main.cf: its -o, and what $config_directory, $service_name and
    // $process_name mean for it.
    RawValues overrides_of(const ServiceEntry& service) const;
    // The parameters as a service sees them.
    Result<Settings> settings_of(const ServiceEntry& service) const;
    // The parameters without any service's overrides, for tools.
    Result<Settings> settings() const;
};

std::string encode(const Snapshot& snapshot);
// Malformed for anything that encode() does not write.
Result<Snapshot> decode(std::string_view encoded);

// A memfd that holds the snapshot and that nobody can change any more. The descriptor is close-on-exec.
Result<OwnedFd> seal(const Snapshot& snapshot);
// Refuses what is not a sealed memfd.
Result<Snapshot> read_sealed(int fd);

}  // namespace ekiden::config
