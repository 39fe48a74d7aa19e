#pragma once
// For tests: what is logged while this lives.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "common/log/logger.h"

namespace ekiden::log::test {

class Lines final : public Sink {
  public:
    Lines() { set_sink(this); }
    Lines(const Lines&) = delete;
    Lines& operator=(const Lines&) = delete;
    ~Lines() override { set_sink(nullptr); }
    void write(const Line& line) override { texts.push_back(line.text); }
    // Lines whose text has that part.
    int count(std::string_view part) const {
        return static_cast<int>(
            std::ranges::count_if(texts, [&](const std::string& text) { return text.contains(part); }));
    }
    bool has(std::string_view part) const { return count(part) > 0; }
    std::vector<std::string> texts;
};

}  // namespace ekiden::log::test
