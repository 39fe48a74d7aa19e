#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "bench/load/limits.h"
#include "bench/load/loop.h"
#include "bench/load/report.h"

namespace ekiden::load {

namespace {

constexpr double measured_seconds = 1.5;

void write_synced(int file, const std::string& block, off_t at) {
    if (pwrite(file, block.data(), block.size(), at) != static_cast<ssize_t>(block.size())) give_up("pwrite");
    if (fdatasync(file) < 0) give_up("fdatasync");
}

long append(const std::string& name, const std::string& block, Clock::time_point end) {
    int file = ::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) give_up(name.c_str());
    long done = 0;
    for (; Clock::now() < end; ++done) write_synced(file, block, done * static_cast<off_t>(block.size()));
    ::close(file);
    unlink(name.c_str());
    return done;
}

long create(const std::string& name, const std::string& block, Clock::time_point end) {
    long done = 0;
    for (; Clock::now() < end; ++done) {
        int file = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (file < 0) give_up(name.c_str());
        write_synced(file, block, 0);
        ::close(file);
        unlink(name.c_str());
    }
    return done;
}

double rate(const std::string& folder, int writers,
            long (*work)(const std::string&, const std::string&, Clock::time_point)) {
    const std::string block(4096, 'x');
    std::atomic<long> done{0};
    auto begin = Clock::now();
    auto end =
        begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(measured_seconds));
    std::vector<std::thread> threads;
    for (int writer = 0; writer < writers; ++writer)
        threads.emplace_back(
            [&, writer] { done += work(folder + "/disk-" + std::to_string(writer), block, end); });
    for (std::thread& thread : threads) thread.join();
    return static_cast<double>(done) / seconds_between(begin, Clock::now());
}

}  // namespace

int measure_disk(const Options& options) {
    Report report;
    report.add("append_1", rate(options.folder, 1, append));
    report.add("append_16", rate(options.folder, 16, append));
    report.add("create_1", rate(options.folder, 1, create));
    report.add("create_16", rate(options.folder, 16, create));
    report.print();
    return 0;
}

}  // namespace ekiden::load
