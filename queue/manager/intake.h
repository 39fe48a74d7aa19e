#pragma once
// The receiving services' side of the manager: ids set aside for each, content files opened for them, commits
// checked and handed to the queue. Whoever sends is treated as hostile: an id counts only for the channel
// that was given it, nothing is believed about content that was not measured, and what a lost worker left
// open is removed.
#include <map>
#include <set>
#include <string>
#include <unordered_set>

#include "common/ipc/channel.h"
#include "common/ipc/messages/queue.h"
#include "queue/manager/queue.h"

namespace ekiden::queue {

struct IntakeLimits {
    std::int64_t message_size = 0;    // message_size_limit in octets; 0: none
    std::size_t recipients = 10'000;  // of one message
    std::size_t open_files = 1000;    // content files of one worker at a time
    std::size_t ids = 100'000;        // given to one worker and not used yet
};

class Intake {
  public:
    // `first`: the first number that this process may give; what is below was given by one before it.
    Intake(Queue& queue, const ContentStore& content, const Clock& clock, IntakeLimits limits, Sequence first)
        : queue_(queue), content_(content), clock_(clock), limits_(limits), first_(first) {}
    Intake(const Intake&) = delete;
    Intake& operator=(const Intake&) = delete;

    void set_limits(IntakeLimits limits) { limits_ = limits; }
    Task<Result<ipc::QueueIds>> reserve(ipc::ReserveIds question, ipc::Sender sender);
    Task<Result<ipc::ContentFile>> open(ipc::OpenContent question, ipc::Sender sender);
    void abandon(const ipc::AbandonContent& order, const ipc::Sender& sender);
    Task<Result<ipc::Committed>> commit(ipc::Commit order, ipc::Sender sender);
    Task<Result<ipc::Done>> forget_drops(ipc::ForgetDrops order);
    // A worker is gone: what it left open goes too.
    void lost(const ipc::Sender& sender);

  private:
    struct Client {
        std::unordered_set<Sequence> ids;  // given and not used
        std::map<Sequence, text::QueueId> files;
    };
    using Key = std::tuple<ipc::Service, std::uint32_t, std::uint64_t>;
    static Key key_of(const ipc::Sender& sender) {
        return {sender.service, sender.worker, sender.incarnation};
    }
    Result<text::QueueId> given(const std::string& id, const ipc::Sender& sender);
    Result<> check(const ipc::Commit& order) const;
    NewMessage message_of(ipc::Commit order, const text::QueueId& id) const;

    Queue& queue_;
    const ContentStore& content_;
    const Clock& clock_;
    IntakeLimits limits_;
    std::map<Key, Client> clients_;
    const Sequence first_;
};

}  // namespace ekiden::queue
