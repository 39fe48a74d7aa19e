// ekiload: the load generator of ./dev bench. One thread, so that its own share of a core says whether it was
// what limited a figure. Prints one JSON object; `idle` and `sink` print one when they are ready and then
// stay until their standard input ends.
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>

#include "bench/load/driver.h"
#include "bench/load/limits.h"
#include "bench/load/report.h"
#include "bench/load/sink.h"
#include "bench/load/watch.h"

namespace {

using namespace ekiden::load;

// Ends the run when whoever started it closes the pipe.
class InputEnd final : public Handler {
  public:
    explicit InputEnd(Loop& loop) : loop_(loop) { loop_.add(STDIN_FILENO, *this); }
    void ready() override { loop_.stop(); }

  private:
    Loop& loop_;
};

Clock::time_point deadline_of(const Options& options) {
    return Clock::now() + std::chrono::seconds(options.seconds);
}

int too_late(const char* what, long count) {
    std::fprintf(stderr, "ekiload: the deadline passed; %s: %ld\n", what, count);
    return 1;
}

int send_load(const Options& options) {
    Loop loop;
    std::optional<Sink> sink;
    std::optional<Watch> watch;
    bool sent = false;
    auto check = [&] {
        bool arrived =
            (!sink || sink->count() >= options.count) && (!watch || watch->count() >= options.count);
        if (sent && arrived) loop.stop();
    };
    Clock::time_point accepted;
    Driver driver(loop, options, [&] {
        sent = true;
        accepted = Clock::now();
        check();
    });
    if (!options.sink.empty()) sink.emplace(loop, options.sink, false, check);
    if (!options.watch.empty()) watch.emplace(loop, options.watch, check);

    double cpu = own_cpu_seconds();
    Clock::time_point begin = Clock::now();
    loop.defer([&] { driver.start(); });
    if (!loop.run(deadline_of(options)))
        return too_late("done", sink ? sink->count() : watch ? watch->count() : driver.counted());
    double wall = seconds_between(begin, Clock::now());
    Report report;
    report.add("count", driver.counted());
    report.add("seconds", wall);
    report.add("rate", static_cast<double>(driver.counted()) / wall);
    report.add("accept_seconds", seconds_between(begin, accepted));
    report.add_percentiles("ms", driver.times());
    if (sink) {
        report.add("sink_sessions", sink->sessions());
        report.add_percentiles("delay_ms", sink->delays());
    }
    report.add_own_load(cpu, wall);
    report.print();
    return 0;
}

int hold_connections(const Options& options) {
    Loop loop;
    Driver driver(loop, options, [&] { loop.stop(); });
    double cpu = own_cpu_seconds();
    Clock::time_point begin = Clock::now();
    loop.defer([&] { driver.start(); });
    if (!loop.run(deadline_of(options))) return too_late("connections", driver.counted());
    double wall = seconds_between(begin, Clock::now());
    Report report;
    report.add("count", driver.counted());
    report.add("seconds", wall);
    report.add("rate", static_cast<double>(driver.counted()) / wall);
    report.add_percentiles("ms", driver.times());
    report.add_own_load(cpu, wall);
    report.print();
    InputEnd end(loop);
    return loop.run(deadline_of(options)) ? 0 : 1;
}

int receive(const Options& options) {
    Loop loop;
    std::optional<Sink> sink;
    sink.emplace(loop, options.sink, options.silent, [&] {
        if (sink->count() >= options.count) loop.stop();
    });
    InputEnd end(loop);
    Report ready;
    ready.add("listening", true);
    ready.print();
    double cpu = own_cpu_seconds();
    Clock::time_point begin = Clock::now();
    if (!loop.run(deadline_of(options))) return too_late("taken", sink->count());
    auto since_boot = [](Clock::time_point when) {
        return std::chrono::duration<double>(when.time_since_epoch()).count();
    };
    Report report;
    report.add("count", sink->count());
    report.add("sessions", sink->sessions());
    report.add("first", since_boot(sink->first()));  // CLOCK_MONOTONIC, as Python's time.monotonic()
    report.add("last", since_boot(sink->last()));
    report.add_own_load(cpu, seconds_between(begin, Clock::now()));
    report.print();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Options options = parse_options(argc, argv);
    std::signal(SIGPIPE, SIG_IGN);
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (options.mode == "smtp" || options.mode == "pop3") return send_load(options);
    if (options.mode == "idle") return hold_connections(options);
    if (options.mode == "sink") return receive(options);
    if (options.mode == "disk") return measure_disk(options);
    if (options.mode == "handshakes") return measure_handshakes(options);
    std::fprintf(stderr, "ekiload: unknown mode %s\n", options.mode.c_str());
    return 64;
}
