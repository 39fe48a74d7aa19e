// A call that changes files below the root and is not understood here ends the recording with an exception: a
// history with a gap would prove nothing. SQLite's index of its log (-shm) is mapped memory that it makes
// anew after a crash; it is left out.
#include "tests/crash/lab/recording.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace ekiden::crash {
namespace {

// Openings of files, by their arguments.
struct Names {
    long number;
    int directory, name;        // arguments; directory -1: relative to nothing
    int to_directory, to_name;  // of the second name, or -1
};
constexpr Names naming[] = {
    {SYS_openat, 0, 1, -1, -1},   {SYS_open, -1, 0, -1, -1},     {SYS_creat, -1, 0, -1, -1},
    {SYS_rename, -1, 0, -1, 1},   {SYS_renameat, 0, 1, 2, 3},    {SYS_renameat2, 0, 1, 2, 3},
    {SYS_link, -1, 0, -1, 1},     {SYS_linkat, 0, 1, 2, 3},      {SYS_unlink, -1, 0, -1, -1},
    {SYS_unlinkat, 0, 1, -1, -1}, {SYS_mkdir, -1, 0, -1, -1},    {SYS_mkdirat, 0, 1, -1, -1},
    {SYS_rmdir, -1, 0, -1, -1},   {SYS_truncate, -1, 0, -1, -1},
};

bool left_out(std::string_view path) { return path.ends_with("-shm"); }

std::int64_t position(const Call& call, int descriptor) {
    std::ifstream info("/proc/" + std::to_string(call.thread) + "/fdinfo/" + std::to_string(descriptor));
    std::string word;
    std::int64_t at = 0;
    info >> word >> at;
    return at;
}

std::string gathered(const Call& call, std::size_t size) {
    std::string vectors = call.octets(1, call.arguments[2] * sizeof(iovec));
    std::string data;
    for (std::size_t i = 0; i + sizeof(iovec) <= vectors.size() && data.size() < size; i += sizeof(iovec)) {
        iovec part{};
        std::memcpy(&part, vectors.data() + i, sizeof part);
        data += call.octets_at(reinterpret_cast<std::uint64_t>(part.iov_base),
                               std::min(part.iov_len, size - data.size()));
    }
    return data;
}

void put(std::ostream& out, std::uint64_t number) {
    out.write(reinterpret_cast<const char*>(&number), sizeof number);
}
void put(std::ostream& out, const std::string& text) {
    put(out, text.size());
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
}
std::uint64_t number(std::istream& in) {
    std::uint64_t value = 0;
    in.read(reinterpret_cast<char*>(&value), sizeof value);
    return value;
}
std::string text(std::istream& in) {
    std::string value(number(in), '\0');
    in.read(value.data(), static_cast<std::streamsize>(value.size()));
    return value;
}

}  // namespace

void Recorder::add_root(const std::string& path) {
    struct stat status{};
    if (::stat((root_ + "/" + path).c_str(), &status) != 0) throw std::runtime_error("no directory " + path);
    recording_.roots[path] = status.st_ino;
}

std::optional<Recorder::Place> Recorder::place(const Call& call, int directory_argument,
                                               int name_argument) const {
    int directory = directory_argument < 0 ? AT_FDCWD : call.descriptor(directory_argument);
    std::string path = call.path_of(directory, call.text(name_argument));
    if (!path.starts_with(root_ + "/") || left_out(path)) return {};
    while (path.ends_with('/')) path.pop_back();
    std::size_t slash = path.rfind('/');
    struct stat status{};
    if (::stat(path.substr(0, slash).c_str(), &status) != 0) return {};  // the call will fail
    Place place{status.st_ino, path.substr(slash + 1), 0};
    if (::lstat(path.c_str(), &status) == 0) place.inode = status.st_ino;
    return place;
}

std::optional<Inode> Recorder::file(const Call& call, int descriptor) const {
    std::string path = call.path_of(descriptor);
    if (!path.starts_with(root_ + "/") || left_out(path)) return {};
    struct stat status{};
    std::string link = "/proc/" + std::to_string(call.thread) + "/fd/" + std::to_string(descriptor);
    if (::stat(link.c_str(), &status) != 0) throw std::runtime_error("cannot look at " + path);
    return status.st_ino;
}

Verdict Recorder::entering(const Call& call) {
    from_.reset();
    to_.reset();
    for (const Names& names : naming) {
        if (names.number != call.number) continue;
        from_ = place(call, names.directory, names.name);
        if (names.to_name >= 0) to_ = place(call, names.to_directory, names.to_name);
        return {from_ ? Verdict::What::observe : Verdict::What::pass};
    }
    bool ours = call.descriptor(0) == ledger_ || file(call, call.descriptor(0));
    return {ours ? Verdict::What::observe : Verdict::What::pass};
}

void Recorder::made(const Call& call) {
    if (call.result < 0) return;
    if (call.number == SYS_write && call.descriptor(0) == ledger_) {
        add({.what = Change::What::report, .data = call.octets(1, static_cast<std::size_t>(call.result))});
        return;
    }
    if (from_) return named(call);
    Inode inode = *file(call, call.descriptor(0));
    switch (call.number) {
        case SYS_fsync:
        case SYS_fdatasync: add({.what = Change::What::flush, .inode = inode}); break;
        case SYS_ftruncate:
            add({.what = Change::What::resize,
                 .inode = inode,
                 .offset = static_cast<std::int64_t>(call.arguments[1])});
            break;
        case SYS_fallocate:
            if (call.arguments[1] == 0)
                add({.what = Change::What::resize,
                     .inode = inode,
                     .offset = static_cast<std::int64_t>(call.arguments[2] + call.arguments[3])});
            break;
        default: wrote(call);
    }
}

void Recorder::wrote(const Call& call) {
    Change change{.what = Change::What::write, .inode = *file(call, call.descriptor(0))};
    auto size = static_cast<std::size_t>(call.result);
    bool vectors = call.number == SYS_writev || call.number == SYS_pwritev || call.number == SYS_pwritev2;
    bool at_position = call.number == SYS_write || call.number == SYS_writev;
    if (!vectors && call.number != SYS_write && call.number != SYS_pwrite64)
        throw std::runtime_error("a call that is not understood: " + std::string(name_of_call(call.number)));
    change.data = vectors ? gathered(call, size) : call.octets(1, size);
    change.offset = at_position ? position(call, call.descriptor(0)) - call.result
                                : static_cast<std::int64_t>(call.arguments[3]);
    if (change.data.size() != size) throw std::runtime_error("what was written cannot be read");
    add(std::move(change));
}

void Recorder::named(const Call& call) {
    switch (call.number) {
        case SYS_openat:
        case SYS_open: return opened(call);
        case SYS_unlink:
        case SYS_unlinkat:
        case SYS_rmdir:
            return add({.what = Change::What::remove, .directory = from_->directory, .name = from_->name});
        case SYS_mkdir:
        case SYS_mkdirat: {
            int directory = call.number == SYS_mkdir ? -1 : 0;
            std::optional<Place> made = place(call, directory, directory + 1);
            add({.what = Change::What::make, .inode = made->inode, .offset = 1});
            return add({.what = Change::What::enter,
                        .inode = made->inode,
                        .directory = made->directory,
                        .name = made->name});
        }
        case SYS_rename:
        case SYS_renameat:
        case SYS_renameat2:
            return add({.what = Change::What::rename,
                        .inode = to_->directory,
                        .directory = from_->directory,
                        .name = from_->name,
                        .data = to_->name});
        case SYS_link:
        case SYS_linkat:
            return add({.what = Change::What::enter,
                        .inode = from_->inode,
                        .directory = to_->directory,
                        .name = to_->name});
        default:
            throw std::runtime_error("a call that is not understood: " +
                                     std::string(name_of_call(call.number)));
    }
}

void Recorder::opened(const Call& call) {
    std::uint64_t flags = call.arguments[call.number == SYS_openat ? 2 : 1];
    if (from_->inode != 0) {
        if ((flags & O_TRUNC) != 0) add({.what = Change::What::resize, .inode = from_->inode});
        return;
    }
    Inode inode = *file(call, static_cast<int>(call.result));
    add({.what = Change::What::make, .inode = inode});
    add({.what = Change::What::enter, .inode = inode, .directory = from_->directory, .name = from_->name});
}

void Recording::save(const std::string& path) const {
    std::ofstream out(path, std::ios::binary);
    put(out, roots.size());
    for (const auto& [name, inode] : roots) {
        put(out, name);
        put(out, inode);
    }
    for (const Change& c : changes) {
        put(out, static_cast<std::uint64_t>(c.what));
        put(out, c.inode);
        put(out, c.directory);
        put(out, c.name);
        put(out, static_cast<std::uint64_t>(c.offset));
        put(out, c.data);
    }
    if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

Recording Recording::load(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path);
    Recording recording;
    for (std::uint64_t i = number(in); i > 0; --i) {
        std::string name = text(in);
        recording.roots[name] = number(in);
    }
    while (in.peek() != std::ifstream::traits_type::eof()) {
        Change c;
        c.what = static_cast<Change::What>(number(in));
        c.inode = number(in);
        c.directory = number(in);
        c.name = text(in);
        c.offset = static_cast<std::int64_t>(number(in));
        c.data = text(in);
        recording.changes.push_back(std::move(c));
    }
    return recording;
}

}  // namespace ekiden::crash
