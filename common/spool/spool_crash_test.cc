// Kills a process that uses the spool, at a random point, again and again, and audits what it left against
// docs/queue-states.md: the spool must be in the state after the last batch that was acknowledged, or after
// the one that was under way, never in between; content must be whole; no orphan file may survive the next
// start.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <random>
#include <set>

#include "common/spool/scratch_test.h"
#include "common/spool/spool.h"

namespace ekiden::queue {
namespace {

using test::message;
using test::noon;

struct Entry {
    std::int64_t next_attempt = 0;
    std::int64_t size = 0;
    std::map<std::int64_t, RecipientState> recipients;  // but those done
    bool operator==(const Entry&) const = default;
};
using State = std::map<Sequence, Entry>;

std::string content_of(Sequence sequence, std::int64_t size) {
    std::string content = "Message " + std::to_string(sequence) + "\r\n";
    content.resize(static_cast<std::size_t>(size), static_cast<char>('a' + sequence % 26));
    return content;
}

// Makes batches and tells what the spool must then hold. Parent and child run the same one from the same
// seed.
class Driver {
  public:
    Driver(unsigned seed, State state, Sequence first)
        : random_(seed), state_(std::move(state)), next_(first) {}
    const State& state() const { return state_; }

    std::vector<Operation> next_batch() {
        std::vector<Operation> batch;
        std::set<Sequence> touched;
        for (int i = pick(1, 12); i > 0; --i) {
            Sequence old = some_message();
            int what = pick(0, 9);
            if (old == 0 || what < 4) {
                NewMessage m = new_message();
                touched.insert(m.id.sequence);
                batch.emplace_back(Accept{std::move(m)});
            } else if (touched.insert(old).second) {
                batch.push_back(change(old, what));
            }
        }
        return batch;
    }

  private:
    int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
    Sequence some_message() {
        if (state_.empty()) return 0;
        auto it = state_.lower_bound(pick(0, static_cast<int>(state_.rbegin()->first)));
        return it->first;
    }
    NewMessage new_message() {
        Sequence sequence = next_++;
        std::int64_t size = pick(0, 9) == 0 ? pick(70'000, 200'000) : pick(50, 9000);
        std::vector<std::string> addresses(static_cast<std::size_t>(pick(1, 4)), "a@example.net");
        NewMessage m = message(sequence, std::move(addresses), content_of(sequence, size));
        Entry entry{0, size, {}};
        for (const Recipient& r : m.recipients) entry.recipients[r.number] = RecipientState::waiting;
        state_[sequence] = std::move(entry);
        return m;
    }
    Operation change(Sequence sequence, int what) {
        Entry& entry = state_[sequence];
        Settle settle;
        settle.id = {noon * 1'000'000 + sequence, sequence};
        if (what < 7) {  // a recipient's outcome
            settle.then = pick(0, 1) == 0 ? Settle::Then::record : Settle::Then::defer;
            if (!entry.recipients.empty()) {
                auto it = entry.recipients.begin();
                bool failed = it->second == RecipientState::waiting && pick(0, 1) == 0;
                settle.outcomes.push_back(
                    {it->first, failed ? RecipientState::failed : RecipientState::done, "", "", ""});
                if (failed)
                    it->second = RecipientState::failed;
                else
                    entry.recipients.erase(it);
            }
            settle.next_attempt = noon + pick(1, 10'000);
            if (settle.then == Settle::Then::defer) entry.next_attempt = settle.next_attempt;
            return settle;
        }
        settle.then = Settle::Then::remove;  // at times with a notice
        state_.erase(sequence);
        if (what == 9) settle.notices.push_back(new_message());
        return settle;
    }

    std::mt19937 random_;
    State state_;
    Sequence next_;
};

// What the spool holds, with its content checked; the number of content files that it should have.
State read_state(Spool& spool, int& files) {
    State state;
    Result<std::vector<StoredMessage>> all = spool.list(0, 1'000'000);
    if (!all) ADD_FAILURE() << all.error().text;
    if (!all) return state;
    for (const StoredMessage& m : *all) {
        Entry& entry = state[m.id.sequence];
        entry.next_attempt = m.next_attempt;
        entry.size = m.envelope.size;
        for (const Recipient& r : m.recipients) entry.recipients[r.number] = r.state;
        std::string content;
        if (m.in_file) {
            ++files;
            Result<OwnedFd> file = spool.content().open_for_reading(m.id);
            EXPECT_TRUE(file) << "lost content of " << print(m.id);
            if (!file) continue;
            content.resize(static_cast<std::size_t>(m.envelope.size) + 1);
            content.resize(static_cast<std::size_t>(::pread(file->get(), content.data(), content.size(), 0)));
        } else {
            Result<std::string> stored = spool.read_content(m.id.sequence);
            EXPECT_TRUE(stored) << "lost content of " << print(m.id);
            if (stored) content = std::move(*stored);
        }
        EXPECT_EQ(content, content_of(m.id.sequence, m.envelope.size)) << "torn content";
    }
    return state;
}

// The process that will be killed. Tells the first number of its block, then an octet for each batch that
// stands.
[[noreturn]] void victim(const std::string& directory, unsigned seed, int pipe) {
    Result<Spool> spool = Spool::open(directory, {.reserve_bytes = 4096, .checkpoint_pages = 100});
    if (!spool) ::_exit(2);
    int files = 0;
    State state = read_state(*spool, files);
    Result<std::int64_t> first = test::apply(*spool, ReserveSequence{1'000'000});
    if (!first || ::write(pipe, &*first, sizeof *first) != sizeof *first) ::_exit(3);
    Driver driver(seed, std::move(state), *first);
    while (true) {
        std::vector<Operation> batch = driver.next_batch();
        for (const Result<std::int64_t>& result : spool->apply(batch))
            if (!result) ::_exit(4);
        if (::write(pipe, "+", 1) != 1) ::_exit(5);
    }
}

TEST(SpoolCrash, IsAfterABatchOrBeforeItNeverBetween) {
    test::ScratchDirectory directory;
    std::mt19937 random(20261121);
    State before;
    Sequence highest = 0;
    int unacknowledged = 0;
    for (int round = 0; round < 40; ++round) {
        unsigned seed = static_cast<unsigned>(random());
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            ::close(ends[0]);
            victim(directory.path(), seed, ends[1]);
        }
        ::close(ends[1]);
        OwnedFd reports(ends[0]);
        Sequence first = 0;
        ASSERT_EQ(::read(reports.get(), &first, sizeof first), static_cast<ssize_t>(sizeof first));
        EXPECT_GT(first, highest) << "a number was given twice";
        int wanted = std::uniform_int_distribution<int>(0, 30)(random);
        int done = 0;
        char octet = 0;
        while (done < wanted && ::read(reports.get(), &octet, 1) == 1) ++done;
        // Somewhere within the next batches: the loop takes up to some milliseconds.
        volatile int spin = std::uniform_int_distribution<int>(0, 3'000'000)(random);
        while (spin > 0) spin = spin - 1;
        ASSERT_EQ(::kill(child, SIGKILL), 0);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the victim failed by itself: " << WEXITSTATUS(status);
        while (::read(reports.get(), &octet, 1) == 1) ++done;

        Driver driver(seed, before, first);
        for (int i = 0; i < done; ++i) (void)driver.next_batch();
        State acknowledged = driver.state();
        (void)driver.next_batch();
        Result<Spool> spool = Spool::open(directory.path(), {.reserve_bytes = 4096});
        ASSERT_TRUE(spool) << spool.error().text;
        int files = 0;
        State found = read_state(*spool, files);
        EXPECT_TRUE(found == acknowledged || found == driver.state())
            << "round " << round << ": neither before nor after";
        EXPECT_EQ(directory.content_files(), files) << "orphans after a start";
        unacknowledged += found == acknowledged ? 0 : 1;
        highest = first + 999'999;
        before = std::move(found);
        if (HasFailure()) return;
    }
    RecordProperty("batches_durable_but_unacknowledged", unacknowledged);
}

}  // namespace
}  // namespace ekiden::queue
