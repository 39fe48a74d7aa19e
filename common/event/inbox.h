#pragma once
// A queue between the many who push and the one who awaits. Bounded: push tells when it is full.
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "common/event/loop.h"

namespace ekiden::event {

template <class T>
class Inbox {
  public:
    Inbox(Loop& loop, std::size_t limit) : limit_(limit), arrived_(loop) {}

    // False, and the item is dropped, when the inbox holds its limit already.
    bool push(T item) {
        if (items_.size() >= limit_) return false;
        items_.push_back(std::move(item));
        arrived_.notify_all();
        return true;
    }
    // The oldest item; nothing after that time.
    Task<std::optional<T>> pop(Milliseconds time) {
        if (items_.empty()) co_await arrived_.wait(time);
        if (items_.empty()) co_return std::nullopt;
        std::optional<T> item(std::move(items_.front()));
        items_.pop_front();
        co_return item;
    }
    std::size_t size() const { return items_.size(); }

  private:
    std::size_t limit_;
    std::deque<T> items_;
    Signal arrived_;
};

}  // namespace ekiden::event
