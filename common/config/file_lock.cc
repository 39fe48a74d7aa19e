// The kernel wakes who waits in flock(), whoever lets the lock go and however: there is no other event that
// says so reliably. The alarm comes again and again, so that one that arrives outside of flock() is not
// missed.
#include "common/config/file_lock.h"

#include <signal.h>
#include <sys/file.h>
#include <sys/time.h>

#include <cerrno>

#include "common/base/clock.h"

namespace ekiden::config {
namespace {

constexpr suseconds_t alarm_us = 100'000;

class Alarms {
  public:
    Alarms() {
        struct sigaction interrupts{};
        interrupts.sa_handler = [](int) {};
        ::sigaction(SIGALRM, &interrupts, &before_);
        const itimerval often{{0, alarm_us}, {0, alarm_us}};
        ::setitimer(ITIMER_REAL, &often, nullptr);
    }
    Alarms(const Alarms&) = delete;
    Alarms& operator=(const Alarms&) = delete;
    ~Alarms() {
        const itimerval never{};
        ::setitimer(ITIMER_REAL, &never, nullptr);
        ::sigaction(SIGALRM, &before_, nullptr);
    }

  private:
    struct sigaction before_{};
};

}  // namespace

bool lock_within(int fd, unsigned seconds) {
    const std::int64_t until = system_clock().steady_us() + std::int64_t{seconds} * 1'000'000;
    {
        Alarms alarms;
        while (system_clock().steady_us() < until) {
            if (::flock(fd, LOCK_EX) == 0) return true;
            if (errno != EINTR) return false;
        }
    }
    return ::flock(fd, LOCK_EX | LOCK_NB) == 0;
}

}  // namespace ekiden::config
