#pragma once
// An SMTP server that takes every message, counts it and forgets it. From the stamp that the generator put in
// front of the content it computes how long the message was under way. A silent sink accepts connections and
// never greets: whoever wants to deliver there waits.
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench/load/loop.h"

namespace ekiden::load {

class SinkConnection;

class Sink final : public Handler {
  public:
    // Listens at once; `place` is address:port. `each` is called after every message.
    Sink(Loop& loop, const std::string& place, bool silent, std::function<void()> each);
    ~Sink();
    void ready() override;

    long count() const { return count_; }
    long sessions() const { return sessions_; }
    Clock::time_point first() const { return first_; }
    Clock::time_point last() const { return last_; }
    std::vector<double>& delays() { return delays_; }

  private:
    friend class SinkConnection;
    void took(std::string_view content);
    void over(int descriptor);

    Loop& loop_;
    bool silent_;
    std::function<void()> each_;
    int listener_ = -1;
    long count_ = 0, sessions_ = 0;
    Clock::time_point first_, last_;
    std::vector<double> delays_;
    std::unordered_map<int, std::unique_ptr<SinkConnection>> connections_;
};

}  // namespace ekiden::load
