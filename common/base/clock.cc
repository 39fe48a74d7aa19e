#include "common/base/clock.h"

#include <ctime>

namespace ekiden {
namespace {

std::int64_t read_us(clockid_t id) {
    timespec now{};
    clock_gettime(id, &now);
    return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

class SystemClock final : public Clock {
  public:
    std::int64_t wall_us() const override { return read_us(CLOCK_REALTIME); }
    std::int64_t steady_us() const override { return read_us(CLOCK_MONOTONIC); }
};

}  // namespace

const Clock& system_clock() {
    static const SystemClock clock;
    return clock;
}

}  // namespace ekiden
