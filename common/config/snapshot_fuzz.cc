// Snapshots: what decodes is exactly what encoding it gives.
#include "common/config/snapshot.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden::config;
    std::string_view content(reinterpret_cast<const char*>(data), size);
    auto snapshot = decode(content);
    if (snapshot && encode(*snapshot) != content) std::abort();
    return 0;
}
