// The form: "EKCF", a version octet, then the fields in order; numbers are 8 octets, lowest first; text is
// its length and its octets; lists and maps are their count and their items. Strict on reading: no rest, maps
// in ascending order. Services travel as the line they stood on and are parsed again, so that there is one
// reader of master.cf.
#include "common/config/snapshot.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/config/logical_lines.h"

namespace ekiden::config {
namespace {

constexpr std::string_view magic = "EKCF\1";
constexpr std::size_t largest = 256 * 1024 * 1024;
constexpr int all_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

class Writer {
  public:
    void number(std::uint64_t value) {
        for (int i = 0; i < 8; ++i) out_.push_back(static_cast<char>(value >> (8 * i)));
    }
    void text(std::string_view value) {
        number(value.size());
        out_ += value;
    }
    template <class Map>
    void map(const Map& values) {
        number(values.size());
        for (const auto& [name, value] : values) {
            text(name);
            text(value);
        }
    }
    std::string out_{magic};
};

// Everything after the first failure reads as nothing; the caller asks good() once.
class Reader {
  public:
    explicit Reader(std::string_view input) : rest_(input) {
        good_ = rest_.starts_with(magic);
        if (good_) rest_.remove_prefix(magic.size());
    }
    std::uint64_t number() {
        if (rest_.size() < 8) good_ = false;
        if (!good_) return 0;
        std::uint64_t value = 0;
        for (int i = 0; i < 8; ++i) value |= std::uint64_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
        rest_.remove_prefix(8);
        return value;
    }
    std::string text() {
        std::uint64_t size = number();
        if (size > rest_.size()) good_ = false;
        if (!good_) return "";
        std::string value(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return value;
    }
    template <class Map>
    void map(Map& values) {
        for (std::uint64_t left = number(); good_ && left > 0; --left) {
            std::string name = text();
            if (!values.empty() && values.rbegin()->first >= name) good_ = false;
            values.insert_or_assign(std::move(name), text());
        }
    }
    bool good() const { return good_; }
    bool done() const { return good_ && rest_.empty(); }

  private:
    std::string_view rest_;
    bool good_;
};

std::string line_of(const ServiceEntry& service) {
    std::string line;
    for (const std::string& field : service.fields) line += (line.empty() ? "" : " ") + field;
    return line;
}

Result<> read_service(Reader& reader, std::vector<ServiceEntry>& services) {
    std::uint64_t line = reader.number();
    std::string content = reader.text();
    std::vector<Finding> findings;
    std::vector<ServiceEntry> parsed = parse_master_cf(content, "snapshot", findings);
    if (!reader.good() || parsed.size() != 1 || !findings.empty() || line > 100'000'000 ||
        line_of(parsed[0]) != content)
        return malformed("snapshot: bad service");
    parsed[0].line = static_cast<int>(line);
    services.push_back(std::move(parsed[0]));
    return {};
}

Result<> write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_error("cannot write the configuration snapshot", errno);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

}  // namespace

const ServiceEntry* Snapshot::service(std::string_view name, ServiceType type) const {
    auto found = std::find_if(services.begin(), services.end(), [&](const ServiceEntry& entry) {
        return entry.name == name && entry.type == type;
    });
    return found == services.end() ? nullptr : &*found;
}

RawValues Snapshot::overrides_of(const ServiceEntry& service) const {
    RawValues overrides{{"config_directory", config_directory},
                        {"service_name", service.name},
                        {"process_name", service.command}};
    for (const auto& [name, value] : service.overrides) overrides[name] = value;
    return overrides;
}

Result<Settings> Snapshot::settings_of(const ServiceEntry& service) const {
    return Settings::make(main_cf, overrides_of(service));
}

Result<Settings> Snapshot::settings() const {
    return Settings::make(main_cf, {{"config_directory", config_directory}});
}

std::string encode(const Snapshot& snapshot) {
    Writer writer;
    writer.number(snapshot.generation);
    writer.text(snapshot.config_directory);
    writer.map(snapshot.main_cf);
    writer.number(snapshot.services.size());
    for (const ServiceEntry& service : snapshot.services) {
        writer.number(static_cast<std::uint64_t>(service.line));
        writer.text(line_of(service));
    }
    writer.map(snapshot.files);
    return std::move(writer.out_);
}

Result<Snapshot> decode(std::string_view encoded) {
    Reader reader(encoded);
    Snapshot snapshot;
    snapshot.generation = reader.number();
    snapshot.config_directory = reader.text();
    reader.map(snapshot.main_cf);
    for (std::uint64_t left = reader.number(); reader.good() && left > 0; --left)
        if (Result<> good = read_service(reader, snapshot.services); !good) return pass(good);
    reader.map(snapshot.files);
    if (!reader.done()) return malformed("snapshot: not in the form that this release writes");
    return snapshot;
}

Result<OwnedFd> seal(const Snapshot& snapshot) {
    OwnedFd fd(::memfd_create("ekiden-configuration", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) return system_error("cannot make the configuration snapshot", errno);
    if (Result<> written = write_all(fd.get(), encode(snapshot)); !written) return pass(written);
    if (::fcntl(fd.get(), F_ADD_SEALS, all_seals) != 0)
        return system_error("cannot seal the configuration snapshot", errno);
    return fd;
}

Result<Snapshot> read_sealed(int fd) {
    if (::fcntl(fd, F_GET_SEALS) != all_seals) return malformed("the configuration snapshot is not sealed");
    struct stat status{};
    if (::fstat(fd, &status) != 0) return system_error("cannot read the configuration snapshot", errno);
    if (status.st_size < 0 || static_cast<std::size_t>(status.st_size) > largest)
        return malformed("the configuration snapshot is larger than 256 MiB");
    std::string content(static_cast<std::size_t>(status.st_size), '\0');
    for (std::size_t at = 0; at < content.size();) {
        ssize_t got = ::pread(fd, content.data() + at, content.size() - at, static_cast<off_t>(at));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return system_error("cannot read the configuration snapshot", got < 0 ? errno : EIO);
        at += static_cast<std::size_t>(got);
    }
    return decode(content);
}

}  // namespace ekiden::config
