#pragma once
// Questions to PAM, each in a process of its own: a module that hangs, crashes or leaves something behind
// touches neither the others nor this process. Few at a time; who cannot begin soon is told to come again.
#include "common/event/loop.h"
#include "common/ipc/messages/auth.h"

namespace ekiden::pam {

struct HelperSettings {
    std::string service;            // pam_service_name
    std::uint32_t minimum_uid = 1;  // local_minimum_uid: system users below it are "wrong" without a question
};

class Helper {
  public:
    Helper(event::Loop& loop, HelperSettings settings);
    Helper(const Helper&) = delete;
    Helper& operator=(const Helper&) = delete;

    // An error is temporary: too many at once, no process to be had, or no answer in time.
    Task<Result<ipc::SystemAnswer>> ask(ipc::CheckSystemPassword question);
    std::uint64_t asked() const { return asked_; }

  private:
    event::Loop& loop_;
    HelperSettings settings_;
    event::Signal ended_;
    std::size_t running_ = 0;
    std::size_t waiting_ = 0;
    std::uint64_t asked_ = 0;
};

}  // namespace ekiden::pam
