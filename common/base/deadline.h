#pragma once
// A time-out that several waits share: each takes what the ones before it have left.
#include <algorithm>

#include "common/base/clock.h"

namespace ekiden {

class Deadline {
  public:
    // From now on. `clock` outlives this.
    explicit Deadline(Milliseconds time, const Clock& clock = system_clock())
        : clock_(clock), end_us_(clock.steady_us() + std::chrono::microseconds(time).count()) {}
    bool passed() const { return clock_.steady_us() >= end_us_; }
    // Rounded up, so that who waits for it finds it passed; never below 0.
    Milliseconds left() const {
        const std::chrono::microseconds left(std::max<std::int64_t>(end_us_ - clock_.steady_us(), 0));
        return std::chrono::ceil<Milliseconds>(left);
    }

  private:
    const Clock& clock_;
    std::int64_t end_us_;
};

}  // namespace ekiden
