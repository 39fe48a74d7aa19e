#include "bench/load/report.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>

namespace ekiden::load {

double seconds_between(Clock::time_point begin, Clock::time_point end) {
    return std::chrono::duration<double>(end - begin).count();
}

double own_cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void Report::add_text(const std::string& name, const std::string& value) {
    fields_ += (fields_.empty() ? "\"" : ", \"") + name + "\": " + value;
}

void Report::add(const std::string& name, double value) {
    char text[64];
    std::snprintf(text, sizeof text, "%.6f", value);
    add_text(name, text);
}

void Report::add(const std::string& name, long value) { add_text(name, std::to_string(value)); }

void Report::add(const std::string& name, bool value) { add_text(name, value ? "true" : "false"); }

void Report::add_percentiles(const std::string& name, std::vector<double> seconds) {
    if (seconds.empty()) return;
    std::sort(seconds.begin(), seconds.end());
    auto at = [&seconds](double part) {
        auto last = static_cast<double>(seconds.size() - 1);
        return seconds[static_cast<std::size_t>(last * part)] * 1000;
    };
    char text[160];
    std::snprintf(text, sizeof text, "{\"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"max\": %.3f}", at(0.5),
                  at(0.9), at(0.99), at(1));
    add_text(name, text);
}

void Report::add_own_load(double cpu_before, double wall) {
    double cpu = own_cpu_seconds() - cpu_before;
    add("own_cpu", cpu);
    add("own_share", wall > 0 ? cpu / wall : 0.0);
    add("own_bottleneck", wall > 0 && cpu / wall > busy_share);
}

void Report::print() const {
    std::printf("{%s}\n", fields_.c_str());
    std::fflush(stdout);
}

}  // namespace ekiden::load
