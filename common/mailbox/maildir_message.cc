#include "common/mailbox/maildir_message.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "common/mailbox/maildir_name.h"

namespace ekiden::mailbox {
namespace {

constexpr std::size_t write_size = 64 * 1024;

// No two attempts share a name in tmp/, for one may still be running when the next begins.
std::string temporary_path(std::string_view base) {
    static std::atomic<std::uint64_t> counter{0};
    return fmt::format("tmp/{}.P{}C{}", base, getpid(), counter.fetch_add(1));
}

int write_all(int file, std::string_view octets) {
    while (!octets.empty()) {
        ssize_t n = ::write(file, octets.data(), octets.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        octets.remove_prefix(static_cast<std::size_t>(n));
    }
    return 0;
}

}  // namespace

NewMessage::NewMessage(int maildir, std::string_view base)
    : maildir_(maildir), base_(base), temporary_path_(temporary_path(base)) {}

NewMessage::~NewMessage() {
    if (in_tmp_) unlinkat(maildir_, temporary_path_.c_str(), 0);
}

int NewMessage::create() {
    file_.reset(openat(maildir_, temporary_path_.c_str(),
                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file_) return errno;
    in_tmp_ = true;
    return 0;
}

int NewMessage::write(std::string_view added_header, const Content& content) {
    LineEndStripper stripper;
    std::string buffer;
    int error_number = 0;
    auto sink = [&](std::string_view chunk) -> Result<> {
        stripper.feed(chunk, buffer);
        if (buffer.size() < write_size) return {};
        error_number = write_all(file_.get(), buffer);
        buffer.clear();
        if (error_number != 0) return temporary("write");
        return {};
    };
    Result<> all = sink(added_header);
    if (all) all = for_each_chunk(content, sink);
    if (!all) return error_number != 0 ? error_number : EIO;
    stripper.finish(buffer);
    error_number = write_all(file_.get(), buffer);
    name_ = message_name(base_, stripper.size(), stripper.wire_size());
    return error_number;
}

void NewMessage::begin_flush() {
    // Only a hint: where the file system does not know it, flush() does all.
    (void)sync_file_range(file_.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
}

int NewMessage::flush() { return fdatasync(file_.get()) == 0 ? 0 : errno; }

int NewMessage::publish() {
    file_.reset();
    std::string path = "new/" + name_;
    if (renameat2(maildir_, temporary_path_.c_str(), maildir_, path.c_str(), RENAME_NOREPLACE) == 0) {
        in_tmp_ = false;
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) return errno;
    // File systems without RENAME_NOREPLACE (NFS): link refuses an existing name too.
    return linkat(maildir_, temporary_path_.c_str(), maildir_, path.c_str(), 0) == 0 ? 0 : errno;
}

}  // namespace ekiden::mailbox
