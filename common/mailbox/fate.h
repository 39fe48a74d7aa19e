#pragma once
// How the delivery of one message into a mailbox ended.

namespace ekiden::mailbox {

enum class Fate { delivered, deferred, bounced };

}  // namespace ekiden::mailbox
