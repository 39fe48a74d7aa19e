// pickup: brings what sendmail left in maildrop/ into the queue, within a second, and within a second of its
// start what was left while nothing ran. It also passes on what users may ask of the queue, so that nothing
// which they say is read by a process that holds mail.
#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/ipc/messages/router.h"
#include "common/log/events.h"
#include "common/mail/date.h"
#include "common/process/daemon.h"
#include "common/process/users.h"
#include "sendmail/pickup/collector.h"
#include "sendmail/pickup/turns.h"
#include "sendmail/pickup/users.h"

namespace ekiden {
namespace {

constexpr std::uint16_t ids_per_batch = 32;
constexpr std::uint16_t listed_for_a_user = 100;  // messages a page: mail that comes in is read there, too
constexpr Milliseconds ask_time = std::chrono::seconds(30);
constexpr Milliseconds commit_time = std::chrono::seconds(120);
constexpr Milliseconds round_time = std::chrono::seconds(5);  // without being woken
constexpr Milliseconds again_time = std::chrono::seconds(2);  // when the queue takes nothing

pickup::LetterOptions letter_options(const Settings& settings) {
    pickup::LetterOptions options;
    options.host = {settings[param::myhostname], settings[param::mail_name], settings[param::myorigin],
                    settings[param::header_from_format] == "obsolete"};
    options.inline_limit = static_cast<std::size_t>(settings[param::spool_inline_limit]);
    return options;
}

// The manager.
class PeerQueue final : public pickup::Queue {
  public:
    explicit PeerQueue(ipc::Peer& manager) : manager_(manager) {}

    Task<Result<std::string>> take_id() override {
        if (ids_.empty()) {
            ipc::ReserveIds question{ids_per_batch};
            Result<ipc::QueueIds> given = co_await manager_.ask(std::move(question), ask_time);
            if (!given) co_return pass(given);
            for (std::string& id : given->ids) ids_.push_back(std::move(id));
            if (ids_.empty()) co_return temporary("the queue gave no ids");
        }
        std::string id = std::move(ids_.back());
        ids_.pop_back();
        co_return id;
    }
    Task<Result<ipc::ContentFile>> open_content(std::string queue_id) override {
        ipc::OpenContent question{std::move(queue_id)};
        Result<ipc::ContentFile> opened = co_await manager_.ask(std::move(question), ask_time);
        if (!opened) ids_.clear();
        co_return opened;
    }
    void abandon(std::string queue_id) override { manager_.tell(ipc::AbandonContent{std::move(queue_id)}); }
    Task<Result<ipc::Committed>> commit(ipc::Commit commit) override {
        Result<ipc::Committed> committed = co_await manager_.ask(std::move(commit), commit_time);
        if (!committed) ids_.clear();
        // A new manager may not know the ids of the one before: no fault of the file's.
        if (!committed && committed.error().kind == ErrorKind::denied)
            co_return temporary(committed.error().text);
        co_return committed;
    }
    Task<Result<>> forget_drops(std::vector<std::string> keep) override {
        ipc::ForgetDrops order{std::move(keep)};
        Result<ipc::Done> done = co_await manager_.ask(std::move(order), ask_time);
        if (!done) co_return pass(done);
        co_return Result<>{};
    }

  private:
    ipc::Peer& manager_;
    std::vector<std::string> ids_;
};

class Pickup final : public process::Program {
  public:
    Result<> open(process::Worker& worker) override {
        const Settings& settings = worker.settings();
        pickup::Directory::Trust trust{worker.as_root(), geteuid(), getegid()};
        if (worker.as_root()) {
            Result<unsigned> group = process::find_group(settings[param::setgid_group]);
            if (!group) return pass(group);
            trust.gid = *group;
        }
        Result<pickup::Directory> directory =
            pickup::Directory::open(settings[param::queue_directory], trust);
        if (!directory) return pass(directory);
        directory_.emplace(std::move(*directory));
        wakings_.reset(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
        if (!wakings_ || inotify_add_watch(wakings_.get(), directory_->path().c_str(), IN_MOVED_TO) < 0)
            return system_error("watching " + directory_->path(), errno);
        worker.paths().write = {directory_->path(), directory_->quarantine_path()};
        (void)mail::print_local_date(0);  // reads the time zone
        return {};
    }

    void serve(process::Worker& worker) override {
        queue_.emplace(worker.peer(ipc::Service::manager));
        collector_.emplace(worker.loop(), *queue_, *directory_, letter_options(worker.settings()));
        watch_.emplace(worker.loop(), wakings_.get());
        turns_.emplace(worker.loop(), worker.chores());
        worker.answer<ipc::ListQueue>([this, &worker](ipc::ListQueue question, ipc::Sender sender) {
            question.count = std::min(question.count, listed_for_a_user);
            return ask_for_user(worker, pickup::Wish::view, std::move(question), sender.uid);
        });
        worker.answer<ipc::FlushQueue>([this, &worker](ipc::FlushQueue order, ipc::Sender sender) {
            return ask_for_user(worker, pickup::Wish::flush, std::move(order), sender.uid);
        });
        worker.chores().spawn(collect(worker));
    }

    void reconfigure(process::Worker& worker) override {
        collector_->reconfigure(letter_options(worker.settings()));
    }

    std::vector<ipc::NamedValue> counters(process::Worker&) override {
        if (!collector_) return {};
        return {{"taken", std::to_string(collector_->taken)},
                {"set_aside", std::to_string(collector_->set_aside)}};
    }

    Task<> finish(process::Worker&, Milliseconds time) override {
        if (!collector_) co_return;
        collector_->stop();
        co_await collector_->idle(time);
    }

  private:
    static Task<Result<>> check_user(process::Worker& worker, pickup::Wish wish, std::uint32_t uid) {
        if (pickup::may_whatever_the_name(wish, uid, worker.settings())) co_return Result<>();
        ipc::Peer& router = worker.peer(ipc::Service::router);
        ipc::FindUserName question{uid};
        Result<ipc::UserName> user = co_await router.ask(std::move(question), ask_time);
        if (!user) co_return pass(user);
        co_return pickup::check_user(wish, uid, user->login, worker.settings(), worker.snapshot().files);
    }
    template <ipc::Message M>
    Task<Result<typename M::Reply>> ask_for_user(process::Worker& worker, pickup::Wish wish, M question,
                                                 std::uint32_t uid) {
        Result<> may = co_await check_user(worker, wish, uid);
        if (!may) co_return pass(may);
        ipc::Peer& manager = worker.peer(ipc::Service::manager);
        std::function<Task<Result<typename M::Reply>>()> ask = [&manager, question = std::move(question)] {
            return manager.ask(question, ask_time);
        };
        Result<typename M::Reply> answer = co_await turns_->take(std::move(ask), ask_time);
        co_return answer;
    }

    Task<> collect(process::Worker& worker) {
        while (true) {
            bool all = co_await collector_->sweep();
            if (!all) {
                co_await worker.loop().sleep(again_time);
                continue;
            }
            bool woken = forget_wakings();
            if (!woken) woken = co_await watch_->readable(round_time);
            if (!woken) co_await collector_->tidy();
        }
    }
    // What came since the directory was read may be in it or not; so it is read again.
    bool forget_wakings() {
        std::array<char, 4096> events{};
        bool any = false;
        while (::read(wakings_.get(), events.data(), events.size()) > 0) any = true;
        watch_->drained();
        return any;
    }

    std::optional<pickup::Directory> directory_;
    OwnedFd wakings_;
    std::optional<PeerQueue> queue_;
    std::optional<pickup::Turns> turns_;
    std::optional<pickup::Collector> collector_;
    std::optional<event::Watch> watch_;
};

}  // namespace
}  // namespace ekiden

int main() { return ekiden::process::run<ekiden::Pickup>(ekiden::ipc::Service::pickup); }
