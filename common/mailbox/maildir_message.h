#pragma once
// One message file on its way from tmp/ to new/ of a Maildir, in the steps that a batch of deliveries takes
// together: create and write, flush, publish. A file that is not published goes with its object.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/owned_fd.h"
#include "common/mailbox/content.h"

namespace ekiden::mailbox {

class NewMessage {
  public:
    // `maildir` is borrowed; `base` the file's name before the sizes.
    NewMessage(int maildir, std::string_view base);
    NewMessage(const NewMessage&) = delete;
    NewMessage& operator=(const NewMessage&) = delete;
    ~NewMessage();

    // Each returns 0 or errno. The name in tmp/ is free, for it is made anew for each object.
    int create();
    // Header and content in wire form; LF in the file. EIO also where the content cannot be read.
    int write(std::string_view added_header, const Content& content);
    // Tells the disk to begin with what flush() will wait for.
    void begin_flush();
    int flush();
    // EEXIST: the same delivery of another attempt was quicker.
    int publish();
    // In new/, with the sizes; known once written.
    const std::string& name() const { return name_; }

  private:
    int maildir_;
    std::string base_, temporary_path_, name_;
    OwnedFd file_;
    bool in_tmp_ = false;
};

}  // namespace ekiden::mailbox
