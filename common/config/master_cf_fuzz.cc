// master.cf: whatever is read travels through a snapshot unchanged.
#include "common/config/master_cf.h"

#include <cstdlib>

#include "common/config/snapshot.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden::config;
    std::string_view content(reinterpret_cast<const char*>(data), size);
    std::vector<Finding> findings;
    Snapshot snapshot;
    snapshot.services = parse_master_cf(content, "master.cf", findings);
    auto back = decode(encode(snapshot));
    if (!back || back->services.size() != snapshot.services.size()) std::abort();
    for (std::size_t i = 0; i < back->services.size(); ++i)
        if (back->services[i].overrides != snapshot.services[i].overrides) std::abort();
    return 0;
}
