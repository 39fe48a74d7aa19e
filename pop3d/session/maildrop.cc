#include "pop3d/session/maildrop.h"

namespace ekiden::pop3d {

Maildrop::Maildrop(std::shared_ptr<mailbox::Mailbox> mailbox)
    : mailbox_(std::move(mailbox)), marked_(mailbox_->count()) {
    unmark_all();
}

void Maildrop::mark(std::uint32_t number) {
    marked_[number - 1] = true;
    ++marked_count_;
    live_octets_ -= octets(number);
}

void Maildrop::unmark_all() {
    marked_.assign(marked_.size(), false);
    marked_count_ = 0;
    live_octets_ = 0;
    for (std::size_t i = 0; i < mailbox_->count(); ++i) live_octets_ += mailbox_->wire_size(i);
}

std::vector<std::size_t> Maildrop::marked() const {
    std::vector<std::size_t> out;
    out.reserve(marked_count_);
    for (std::size_t i = 0; i < marked_.size(); ++i)
        if (marked_[i]) out.push_back(i);
    return out;
}

}  // namespace ekiden::pop3d
