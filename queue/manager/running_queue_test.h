#pragma once
// For tests of the whole queue: one that runs over a real spool, in a house that the test makes up, and what
// a router says of addresses.
#include <gtest/gtest.h>

#include "common/log/lines_test.h"
#include "common/spool/scratch_test.h"
#include "queue/manager/queue.h"

namespace ekiden::queue::test {

// `House` is an Outside made from the loop; it outlives the queue and stays through begin() and end().
template <class House>
class RunningQueue : public testing::Test {
  protected:
    RunningQueue(std::string hostname, std::string origin)
        : hostname_(std::move(hostname)), origin_(std::move(origin)) {
        begin();
    }
    void begin(QueueSettings settings = {}) {
        settings.notices.hostname = hostname_;
        settings.notices.origin = origin_;
        Result<Spool> spool = Spool::open(directory.path(), {.reserve_bytes = 4096, .durable = false});
        ASSERT_TRUE(spool) << spool.error().text;
        writer = std::make_unique<Writer>(loop, std::move(*spool));
        queue = std::make_unique<Queue>(loop, clock, *writer, house, settings);
        queue->start();
    }
    void end() {  // as SIGKILL does: nothing is finished
        queue.reset();
        writer.reset();
    }
    void until(const std::function<bool()>& done) {
        bool late = false;
        event::Timer guard(loop, [&] { late = true; });
        guard.start(Seconds(10));
        while (!done() && !late) loop.run_once();
        EXPECT_FALSE(late) << "it did not happen";
    }
    void settled() {
        until([&] { return queue->active() == 0; });
    }
    void later(Seconds by) {
        clock.advance(by);
        queue->poke();
    }
    // Under an id of the queue's own, which is returned.
    text::QueueId accept(NewMessage message) {
        Result<std::vector<text::QueueId>> ids = loop.run(queue->reserve_ids(1));
        message.id = ids->front();
        Result<bool> accepted = loop.run(queue->accept(std::move(message)));
        EXPECT_TRUE(accepted) << accepted.error().text;
        return ids->front();
    }
    // Those in the spool; -1 where it cannot say.
    std::int64_t messages() {
        auto read = [](Spool& spool) { return spool.count(); };
        return loop.run(writer->read(std::move(read))).value_or(-1);
    }

    log::test::Lines log;
    ScratchDirectory directory;
    ManualClock clock{noon * 1'000'000 + 830'000};  // not at the turn of a second
    event::Loop loop;
    House house{loop};
    std::unique_ptr<Writer> writer;
    std::unique_ptr<Queue> queue;

  private:
    std::string hostname_, origin_;
};

// What a router says: local(8)'s of a user, a command, a file, a list.
inline ipc::ResolvedRecipient local(std::string address, ipc::Destination destination, std::string target,
                                    std::string user) {
    ipc::ResolvedRecipient r{};
    r.address = std::move(address);
    r.transport = ipc::Transport::local;
    r.destination = destination;
    r.target = std::move(target);
    r.user = std::move(user);
    return r;
}

// An address that an alias has in its place, in a message of its own from `sender`.
inline ipc::ResolvedRecipient goes_on(std::string address, std::string sender = "sender@here.test") {
    ipc::ResolvedRecipient r{};
    r.address = std::move(address);
    r.transport = ipc::Transport::local;
    r.forwarded = true;
    r.sender = std::move(sender);
    return r;
}

using Aliases = std::map<std::string, std::vector<ipc::ResolvedRecipient>>;

// The answer to a question: what `aliases` have for a recipient, or else what `way` says of the one with that
// number.
inline ipc::Resolution resolved(const ipc::ResolveRecipients& question, const Aliases& aliases,
                                const std::function<ipc::ResolvedRecipient(std::uint32_t)>& way) {
    ipc::Resolution answer;
    for (std::uint32_t i = 0; i < question.recipients.size(); ++i) {
        auto alias = aliases.find(question.recipients[i]);
        std::vector<ipc::ResolvedRecipient> results;
        if (alias != aliases.end())
            results = alias->second;
        else
            results.push_back(way(i));
        for (ipc::ResolvedRecipient& r : results) r.index = i;
        answer.recipients.insert(answer.recipients.end(), results.begin(), results.end());
    }
    return answer;
}

}  // namespace ekiden::queue::test
