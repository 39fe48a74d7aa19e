#pragma once
// Keeps a number of connections busy until all operations are done: messages, POP3 cycles, or idle
// connections that are opened and kept. Any failure ends the whole run: a figure with failures in it compares
// nothing.
#include <functional>
#include <memory>
#include <vector>

#include "bench/load/connection.h"

namespace ekiden::load {

class Driver final : public Owner {
  public:
    // `done` is called once, when the last connection is over (or the last idle one stands).
    Driver(Loop& loop, const Options& options, std::function<void()> done);

    void start();
    std::vector<double>& times() { return times_; }  // seconds of each operation, or of each session
    long counted() const { return counted_; }

    void counted(Connection& connection) override;
    void held(Connection& connection) override;
    void over(Connection& connection) override;
    void failed(Connection& connection, const std::string& why) override;

  private:
    struct Slot {
        std::unique_ptr<Connection> connection;
        long round = 0;
    };
    void next(std::size_t slot);
    Script next_script(std::size_t slot);
    std::size_t slot_of(const Connection& connection) const;

    Loop& loop_;
    const Options& options_;
    std::function<void()> done_;
    TlsContext tls_;
    std::string content_;
    sockaddr_in server_{};
    std::vector<Slot> slots_;
    std::vector<std::unique_ptr<Connection>> kept_;
    long taken_ = 0, counted_ = 0, opened_ = 0;
    std::size_t open_ = 0;
    bool whole_sessions_;
    std::vector<double> times_;
};

}  // namespace ekiden::load
