#include "bench/load/watch.h"

#include <dirent.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <memory>

namespace ekiden::load {

Watch::Watch(Loop& loop, std::vector<std::string> folders, std::function<void()> more)
    : folders_(std::move(folders)),
      more_(std::move(more)),
      descriptor_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    if (descriptor_ < 0) give_up("inotify_init1");
    for (const std::string& folder : folders_)
        if (inotify_add_watch(descriptor_, folder.c_str(), IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) < 0)
            give_up(folder.c_str());
    before_ = files_now();
    loop.add(descriptor_, *this);
}

Watch::~Watch() { ::close(descriptor_); }

long Watch::files_now() const {
    long files = 0;
    for (const std::string& folder : folders_) {
        auto close_folder = [](DIR* open) { closedir(open); };
        std::unique_ptr<DIR, decltype(close_folder)> open(opendir(folder.c_str()), close_folder);
        while (open) {
            dirent* entry = readdir(open.get());
            if (!entry) break;
            if (entry->d_name[0] != '.') ++files;
        }
    }
    return files;
}

void Watch::ready() {
    alignas(inotify_event) char buffer[65536];
    ssize_t length;
    bool lost = false;
    while ((length = read(descriptor_, buffer, sizeof buffer)) > 0) {
        for (ssize_t at = 0; at < length;) {
            const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
            if (event->mask & IN_Q_OVERFLOW)
                lost = true;
            else
                ++count_;
            at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
        }
    }
    if (lost) count_ = files_now() - before_;
    more_();
}

}  // namespace ekiden::load
