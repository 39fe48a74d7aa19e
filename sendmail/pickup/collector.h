#pragma once
// Pickup's round: whatever stands in maildrop is brought into the queue, set aside, or left for later. Woken
// by the directory itself, and every few seconds without being woken.
#include <map>
#include <set>
#include <string>

#include "common/event/gate.h"
#include "sendmail/pickup/letter.h"

namespace ekiden::pickup {

class Collector {
  public:
    // All must outlive it.
    Collector(event::Loop& loop, Queue& queue, Directory& directory, LetterOptions options)
        : loop_(loop),
          queue_(queue),
          directory_(directory),
          options_(std::make_shared<const LetterOptions>(std::move(options))),
          ended_(loop),
          gate_(loop) {}

    void reconfigure(LetterOptions options) {
        options_ = std::make_shared<const LetterOptions>(std::move(options));
    }
    // Takes all that is there now. False: something has to wait, because the queue does not take it now.
    Task<bool> sweep();
    // Now and then, with nothing under way: old temporary files go, and the queue need not remember what is
    // gone.
    Task<> tidy();
    // Begins no more files.
    void stop() { stopping_ = true; }
    // Waits until nothing is under way, at most so long.
    Task<bool> idle(Milliseconds time) { return gate_.empty(time); }

    std::uint64_t taken = 0, set_aside = 0;  // counters for status

  private:
    Task<> take(std::string name);
    void settle(const std::string& name, const Result<>& sent);
    void quarantine(const std::string& name, const std::string& why);
    void discard(const std::string& name, const std::string& why);
    void leave(const std::string& name, const std::string& why);

    event::Loop& loop_;
    Queue& queue_;
    Directory& directory_;
    std::shared_ptr<const LetterOptions> options_;
    std::set<std::string> left_;       // cannot be dealt with: said once, not looked at again
    std::set<std::string> committed_;  // in the queue, and could not be removed
    std::set<std::string> later_;      // failed in this round, to be tried in the next
    bool unforgotten_ = true;          // the queue remembers files that are gone
    bool stopping_ = false;
    event::Signal ended_;  // one of the files
    event::Gate gate_;
};

}  // namespace ekiden::pickup
