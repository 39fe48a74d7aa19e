#include "bench/load/loop.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ekiden::load {

void give_up(const char* what) {
    std::fprintf(stderr, "ekiload: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) give_up("epoll_create1");
}

Loop::~Loop() { ::close(epoll_); }

void Loop::add(int descriptor, Handler& handler) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &handler;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) < 0) give_up("epoll_ctl");
}

void Loop::run_deferred() {
    while (!deferred_.empty()) {
        std::vector<std::function<void()>> now;
        now.swap(deferred_);
        for (auto& work : now) work();
    }
}

bool Loop::run(Clock::time_point deadline) {
    std::array<epoll_event, 256> events;
    stopped_ = false;
    run_deferred();
    while (!stopped_) {
        auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) return false;
        int count =
            epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), static_cast<int>(left));
        if (count < 0 && errno != EINTR) give_up("epoll_wait");
        for (int i = 0; i < count; ++i)
            static_cast<Handler*>(events[static_cast<unsigned>(i)].data.ptr)->ready();
        run_deferred();
    }
    return true;
}

}  // namespace ekiden::load
