// Limits: a file that is changed while it is read may be read half old, half new, as everywhere.
#include "local-delivery/forward_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/base/owned_fd.h"
#include "common/config/logical_lines.h"

namespace ekiden::local_delivery {
namespace {

Result<std::string> read_whole(int file, const std::string& path) {
    std::string content;
    char buffer[16 * 1024];
    while (true) {
        ssize_t n = read(file, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return system_error("cannot read " + path, errno);
        if (n == 0) return content;
        content.append(buffer, static_cast<std::size_t>(n));
        if (content.size() > limits::destination_file)
            return malformed(fmt::format("{} is longer than {} octets", path, limits::destination_file));
    }
}

}  // namespace

Result<std::vector<mail::AliasTarget>> parse_destinations(std::string_view content) {
    std::vector<mail::AliasTarget> targets;
    if (content.size() > limits::destination_file)
        return malformed(fmt::format("longer than {} octets", limits::destination_file));
    for (const config::LogicalLine& line : config::logical_lines(content)) {
        Result<std::vector<mail::AliasTarget>> named = mail::parse_alias_value(line.text);
        if (!named) return malformed(fmt::format("line {}: {}", line.first, named.error().text));
        targets.insert(targets.end(), named->begin(), named->end());
        if (targets.size() > mail::limits::alias_targets)
            return malformed(
                fmt::format("line {}: more than {} destinations", line.first, mail::limits::alias_targets));
    }
    return targets;
}

Result<FileOrTrouble> read_forward(const std::string& path, unsigned owner) {
    // A pipe must not keep us waiting; it is refused below.
    OwnedFd file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    auto ignored = [&](std::string_view why) {
        return FileOrTrouble{std::nullopt, fmt::format("{}: {}", path, why)};
    };
    if (!file) {
        if (errno == ENOENT || errno == ENOTDIR) return FileOrTrouble{};
        if (errno == ELOOP) return ignored("not a regular file");
        if (errno == EACCES || errno == EPERM || errno == ENXIO) return ignored(strerror(errno));
        return system_error("cannot open " + path, errno);
    }
    struct stat facts{};
    if (fstat(file.get(), &facts) != 0) return system_error("cannot examine " + path, errno);
    if (!S_ISREG(facts.st_mode)) return ignored("not a regular file");
    if (facts.st_uid != 0 && facts.st_uid != owner)
        return ignored(fmt::format("owned by uid {}", facts.st_uid));
    if (facts.st_mode & S_IWOTH) return ignored("writable for everybody");
    Result<std::string> content = read_whole(file.get(), path);
    if (!content) return pass(content);
    return FileOrTrouble{std::move(*content), ""};
}

Result<std::string> read_list(const std::string& path) {
    OwnedFd file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!file) return system_error("cannot open " + path, errno);
    struct stat facts{};
    if (fstat(file.get(), &facts) != 0) return system_error("cannot examine " + path, errno);
    if (!S_ISREG(facts.st_mode)) return malformed(path + " is not a regular file");
    return read_whole(file.get(), path);
}

}  // namespace ekiden::local_delivery
