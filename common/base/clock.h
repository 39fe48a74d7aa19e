#pragma once
// The two clocks, injected so that tests can move time. Wall time is UTC seconds since 1970 and may jump;
// steady time only moves forward and is what time-outs use.
#include <chrono>
#include <cstdint>

namespace ekiden {

using Seconds = std::chrono::seconds;
using Milliseconds = std::chrono::milliseconds;

class Clock {
  public:
    virtual ~Clock() = default;
    // Microseconds since 1970-01-01 UTC.
    virtual std::int64_t wall_us() const = 0;
    // Microseconds from some fixed point; never goes back.
    virtual std::int64_t steady_us() const = 0;
    std::int64_t wall_seconds() const { return wall_us() / 1'000'000; }
};

// The kernel's clocks. Lives for the whole process.
const Clock& system_clock();

// A clock for tests that stands still until it is moved.
class ManualClock final : public Clock {
  public:
    explicit ManualClock(std::int64_t wall_us) : wall_(wall_us) {}
    std::int64_t wall_us() const override { return wall_; }
    std::int64_t steady_us() const override { return steady_; }
    void advance(Seconds by) {
        wall_ += std::chrono::microseconds(by).count();
        steady_ += std::chrono::microseconds(by).count();
    }
    // The administrator (or NTP) sets the wall clock; steady time is untouched.
    void set_wall(std::int64_t wall_us) { wall_ = wall_us; }

  private:
    std::int64_t wall_;
    std::int64_t steady_ = 0;
};

}  // namespace ekiden
