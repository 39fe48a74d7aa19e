// The file: 256 pairs of numbers (position and slots of a hash table), records (sizes of key and value, key,
// value), hash tables of pairs (hash, position of the record; position 0: an empty slot). Numbers have four
// octets, the lowest first. The low eight bits of a hash choose the table, the others the first slot.
#include "common/tables/cdb.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/text/fold.h"

namespace ekiden::tables {
namespace {

constexpr std::size_t head = 2048;
constexpr std::uint32_t most_probes = 10'000;  // a table whose writer hashes as it should needs a few

std::uint32_t hash_of(std::string_view key) {
    std::uint32_t hash = 5381;
    for (char c : key) hash = (hash * 33) ^ static_cast<unsigned char>(c);
    return hash;
}

std::uint32_t number(const char* octets) {
    std::uint32_t value = 0;
    for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(octets[i]);
    return value;
}

void put(std::string& out, std::uint64_t value) {
    for (int i = 0; i < 4; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

}  // namespace

Result<CdbFile> CdbFile::open(const std::string& path) {
    CdbFile file;
    file.fd_ = OwnedFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat facts{};
    if (!file.fd_ || ::fstat(file.fd_.get(), &facts) != 0) return system_error("cannot open " + path, errno);
    if (!S_ISREG(facts.st_mode) || facts.st_size < static_cast<off_t>(head))
        return temporary(path + " is no cdb file");
    file.size_ = static_cast<std::uint64_t>(facts.st_size);
    return file;
}

Result<> CdbFile::read(std::uint64_t position, std::span<char> into) const {
    if (position + into.size() > size_) return temporary("a cdb file is damaged");
    while (!into.empty()) {
        ssize_t got = ::pread(fd_.get(), into.data(), into.size(), static_cast<off_t>(position));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("cannot read a cdb file", errno);
        if (got == 0) return temporary("a cdb file was cut off");
        into = into.subspan(static_cast<std::size_t>(got));
        position += static_cast<std::uint64_t>(got);
    }
    return {};
}

Result<std::pair<std::uint32_t, std::uint32_t>> CdbFile::two_numbers(std::uint64_t position) const {
    char octets[8];
    Result<> done = read(position, octets);
    if (!done) return pass(done);
    return std::pair(number(octets), number(octets + 4));
}

Result<bool> CdbFile::has_key_at(std::uint32_t position, std::string_view key,
                                 std::uint32_t& value_size) const {
    auto sizes = two_numbers(position);
    if (!sizes) return pass(sizes);
    if (sizes->first != key.size()) return false;
    std::string stored(key.size(), '\0');
    Result<> done = read(std::uint64_t{position} + 8, stored);
    if (!done) return pass(done);
    value_size = sizes->second;
    return stored == key;
}

Result<std::optional<std::string>> CdbFile::find(std::string_view key) const {
    std::uint32_t hash = hash_of(key);
    auto table = two_numbers(8 * (hash & 0xff));
    if (!table) return pass(table);
    const auto [begin, slots] = *table;
    if (slots == 0) return std::nullopt;
    if (begin + std::uint64_t{8} * slots > size_) return temporary("a cdb file is damaged");
    for (std::uint32_t i = 0; i < slots; ++i) {
        std::uint64_t slot = (std::uint64_t{hash >> 8} + i) % slots;
        auto entry = two_numbers(begin + 8 * slot);
        if (!entry) return pass(entry);
        if (entry->second == 0) return std::nullopt;
        if (i == most_probes) return temporary("a cdb file is damaged");
        if (entry->first != hash) continue;
        std::uint32_t value_size = 0;
        Result<bool> same = has_key_at(entry->second, key, value_size);
        if (!same) return pass(same);
        if (!*same) continue;
        if (value_size > limits::value + 1) return temporary("a value in a cdb file is too long");
        std::string value(value_size, '\0');
        Result<> done = read(entry->second + std::uint64_t{8} + key.size(), value);
        if (!done) return pass(done);
        return value;
    }
    return std::nullopt;
}

Found CdbTable::find_now(std::string_view key) {
    Result<bool> changed = file_.changed();
    if (!changed) return pass(changed);
    if (!open_ || *changed) {
        open_.reset();
        Result<CdbFile> opened = CdbFile::open(file_.path());
        if (!opened) return pass(opened);
        open_ = std::move(*opened);
    }
    std::string wanted = fold_ ? text::fold_case(key) : std::string(key);
    Result<std::optional<std::string>> found = open_->find(wanted);
    if (found && !*found) found = open_->find(wanted + '\0');
    if (!found) return temporary(file_.path() + ": " + found.error().text);
    if (*found && (*found)->ends_with('\0')) (*found)->pop_back();
    return std::move(*found);
}

Result<std::string> cdb_content(const std::vector<TextEntry>& entries, bool with_nul) {
    std::string out(head, '\0');
    std::array<std::vector<std::pair<std::uint32_t, std::uint64_t>>, 256> tables;
    for (const TextEntry& entry : entries) {
        std::string key = entry.key, value = entry.value;
        if (with_nul) key += '\0', value += '\0';
        std::uint32_t hash = hash_of(key);
        tables[hash & 0xff].emplace_back(hash, out.size());
        put(out, key.size());
        put(out, value.size());
        out += key + value;
    }
    std::string heads;
    for (const auto& table : tables) {
        const std::size_t slots = 2 * table.size();
        put(heads, out.size());
        put(heads, slots);
        std::vector<std::pair<std::uint32_t, std::uint64_t>> places(slots);
        for (const auto& entry : table) {
            std::size_t at = (entry.first >> 8) % slots;
            while (places[at].second != 0) at = (at + 1) % slots;
            places[at] = entry;
        }
        for (const auto& [hash, position] : places) put(out, hash), put(out, position);
    }
    if (out.size() > 0xffffffffu) return permanent("a cdb file cannot be larger than 4 GiB");
    out.replace(0, head, heads);
    return out;
}

}  // namespace ekiden::tables
