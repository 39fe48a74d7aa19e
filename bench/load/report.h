#pragma once
// What the generator tells on its standard output: one JSON object a line.
#include <string>
#include <vector>

#include "bench/load/loop.h"

namespace ekiden::load {

// Past this share of one core the generator itself may have been what limited the rate.
inline constexpr double busy_share = 0.8;

double seconds_between(Clock::time_point begin, Clock::time_point end);
double own_cpu_seconds();  // user + system of this process

class Report {
  public:
    void add(const std::string& name, double value);
    void add(const std::string& name, long value);
    void add(const std::string& name, bool value);
    // p50, p90, p99 and max in ms of `seconds`, as an object; nothing when there are none.
    void add_percentiles(const std::string& name, std::vector<double> seconds);
    // CPU of this process since `cpu_before`, its share of one core over `wall` seconds, and whether that was
    // too much.
    void add_own_load(double cpu_before, double wall);
    void print() const;

  private:
    void add_text(const std::string& name, const std::string& value);
    std::string fields_;
};

}  // namespace ekiden::load
