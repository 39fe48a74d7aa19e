#pragma once
// Counts the files that appear in folders (by rename or link: how mail appears in a Maildir), by inotify.
#include <functional>
#include <string>
#include <vector>

#include "bench/load/loop.h"

namespace ekiden::load {

class Watch final : public Handler {
  public:
    Watch(Loop& loop, std::vector<std::string> folders, std::function<void()> more);
    ~Watch();
    void ready() override;
    long count() const { return count_; }

  private:
    long files_now() const;

    std::vector<std::string> folders_;
    std::function<void()> more_;
    int descriptor_;
    long before_ = 0, count_ = 0;
};

}  // namespace ekiden::load
