#pragma once
// ekidrop at the end of a pipe: the one way into maildrop, for sendmail in its modes.
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/base/owned_fd.h"

namespace ekiden::maildrop {

class Ekidrop {
  public:
    // Runs it; `directory` is command_directory. The error says which program cannot be run.
    static Result<Ekidrop> start(const std::string& directory);
    Ekidrop(Ekidrop&& other) noexcept;
    Ekidrop& operator=(Ekidrop&&) = delete;
    // Without finish() ekidrop sees a message without its end, and leaves nothing behind.
    ~Ekidrop();

    // What drop.h prints. False: it does not read any more, and finish() will say why.
    bool write(std::string_view octets);
    // Content of any length, as records.
    bool write_content(std::string_view text);
    // Waits until the message is durable; what is wrong, or empty.
    std::string finish();

  private:
    explicit Ekidrop(std::string path) : path_(std::move(path)) {}
    std::string path_;
    int pid_ = -1;
    OwnedFd to_, from_;
};

}  // namespace ekiden::maildrop
