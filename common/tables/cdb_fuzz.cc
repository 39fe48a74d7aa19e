// Any octets as a cdb file: lookups fail or answer, they never read beyond the file.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "common/tables/cdb.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden;
    // The first octet says how long the key is that stands behind it; the file is the rest.
    if (size == 0) return 0;
    std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
    std::string_view key = input.substr(0, data[0] % 16);
    std::string_view content = input.substr(key.size());
    OwnedFd memory(::memfd_create("cdb", MFD_CLOEXEC));
    if (!memory ||
        ::write(memory.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size()))
        return 0;
    auto file = tables::CdbFile::open("/proc/self/fd/" + std::to_string(memory.get()));
    if (!file) return 0;
    auto found = file->find(key);
    if (found && *found && (*found)->size() > content.size()) std::abort();
    return 0;
}
