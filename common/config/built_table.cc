// SQLite's header: 16 octets of magic at its begin, application_id in 4 octets at 68, most significant first.
#include "common/config/built_table.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "common/base/owned_fd.h"

namespace ekiden::config {
namespace {

constexpr std::string_view magic("SQLite format 3\0", 16);
constexpr std::size_t id_at = 68;

}  // namespace

bool is_built_table(const std::string& path) {
    OwnedFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status{};
    if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
    std::array<unsigned char, id_at + 4> start{};
    if (pread(file.get(), start.data(), start.size(), 0) != std::ssize(start)) return false;
    std::uint32_t id = 0;
    for (std::size_t at = id_at; at < start.size(); ++at) id = id << 8 | start[at];
    return std::string_view(reinterpret_cast<const char*>(start.data()), magic.size()) == magic &&
           id == built_table_id;
}

}  // namespace ekiden::config
