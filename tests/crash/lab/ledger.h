#pragma once
// What a scenario and its recovery report: one line for each promise that was given and each thing that was
// found, written at once to a descriptor that outlives the process. tests/support/auditor.py knows the lines
// and judges them. A line is one write(), so that it is whole in the ledger or not there; may be called from
// any thread.
#include <fmt/format.h>

#include <string>
#include <string_view>

namespace ekiden::crash {

class Ledger {
  public:
    // `fd` is borrowed, and opened for appending.
    explicit Ledger(int fd) : fd_(fd) {}

    template <class... Values>
    void say(fmt::format_string<Values...> text, Values&&... values) {
        write(fmt::format(text, std::forward<Values>(values)...));
    }

  private:
    void write(std::string line);
    int fd_;
};

}  // namespace ekiden::crash
