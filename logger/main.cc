// logger: the one process that writes the log. Each line is stamped with the program and pid that master gave
// the channel it came by, so that nobody can speak as somebody else. Lines go to maillog_file, or to syslog's
// socket where that is empty. A log file that was renamed (logrotate) is noticed with the next line, or when
// master asks whether this process lives, and opened anew.
#include "common/process/daemon.h"
#include "logger/writer.h"

namespace {

using namespace ekiden;

class Logger : public process::Program {
  public:
    Result<> open(process::Worker& worker) override { return writer_.open(worker); }
    void serve(process::Worker& worker) override {
        worker.hear<ipc::LogLine>(
            [this](ipc::LogLine line, const ipc::Sender& sender) { writer_.write(line, sender); });
        writer_.keep(worker);
    }
    void reconfigure(process::Worker& worker) override { writer_.reconfigure(worker); }
    // Asked by `ekiden logrotate`, too, which waits until the file that it set aside is let go.
    std::vector<ipc::NamedValue> counters(process::Worker&) override {
        writer_.look_for_rotation();
        return writer_.counters();
    }
    Task<> finish(process::Worker&, Milliseconds) override {
        writer_.flush();
        co_return;
    }

  private:
    logger::Writer writer_;
};

}  // namespace

int main() { return process::run<Logger>(ipc::Service::logger); }
