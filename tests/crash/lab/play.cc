#include "tests/crash/lab/play.h"

#include <unistd.h>

#include <cerrno>

#include "common/event/gate.h"

namespace ekiden::crash {
namespace {

constexpr int starts = 4;  // how often master starts the manager that does not come up
const ipc::Sender receiver{ipc::Service::smtpd, 0, 1};

bool write_all(int fd, std::string_view octets) {
    while (!octets.empty()) {
        ssize_t written = ::write(fd, octets.data(), octets.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        octets.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

class Player {
  public:
    Player(const Roots& roots, Ledger& ledger) : roots_(roots), ledger_(ledger) {}

    // One life of the manager; false when it did not come up or did not get its work done.
    bool live(const std::vector<std::vector<Mail>>& groups) {
        if (!start()) return false;
        for (const std::vector<Mail>& group : groups) {
            ids_.clear();
            event::Gate gate(stage_->loop());
            for (const Mail& mail : group) gate.spawn(hand_in(mail));
            while (gate.size() > 0) stage_->loop().run_once();
            if (!stage_->settle()) return stuck("passes do not end");
            for (const Mail& mail : group) act(mail);
        }
        if (!stage_->drain()) return stuck("mail stays in the queue");
        stage_.reset();
        return true;
    }

  private:
    bool start() {
        for (int i = 0; i < starts; ++i) {
            Result<std::unique_ptr<Stage>> stage = Stage::open(roots_, ledger_, true);
            if (stage) {
                stage_ = std::move(*stage);
                stage_->start();
                return true;
            }
            ledger_.say("start-failed {}", stage.error().text);
        }
        return stuck("the manager does not come up");
    }
    bool stuck(std::string_view why) {
        ledger_.say("bad {}", why);
        return false;
    }

    // The client tries once more when it is told to come again.
    Task<> hand_in(const Mail& mail) {
        bool taken = co_await submit(mail, mail.mark);
        if (taken) co_return;
        stage_->clock().advance(Seconds(1));
        taken = co_await submit(mail, mail.mark + "b");
        if (!taken) ledger_.say("bad {} is refused again", mail.mark);
    }

    Task<bool> submit(const Mail& mail, std::string mark) {
        ledger_.say("try {} {}", mark, fates_of(mail.recipients));
        Result<ipc::QueueIds> ids = co_await stage_->intake().reserve({1}, receiver);
        if (!ids) {
            ledger_.say("no {} {}", mark, ids.error().text);
            co_return false;
        }
        std::string id = ids->ids.front();
        ledger_.say("given {}", text::parse_queue_id(id)->sequence);
        std::string content = content_of(mark, mail.size);
        ipc::Commit commit = envelope(mail, mark, id, content);
        OwnedFd file;
        if (mail.way == Way::by_file) {
            Result<ipc::ContentFile> opened = co_await stage_->intake().open({id}, receiver);
            bool written = opened && write_all(opened->file.get(), content);
            if (!written) {
                stage_->intake().abandon({id}, receiver);
                ledger_.say("no {} {}", mark, opened ? "cannot write" : opened.error().text);
                co_return false;
            }
            file = std::move(opened->file);
            commit.in_file = true;
        } else {
            commit.content = std::move(content);
        }
        stage_->watch(id, mark);
        Result<ipc::Committed> done = co_await stage_->intake().commit(std::move(commit), receiver);
        if (done)
            ledger_.say("yes {}", mark);
        else
            ledger_.say("no {} {}", mark, done.error().text);
        if (done) ids_[mail.mark] = {id, mark};
        co_return done.has_value();
    }

    static ipc::Commit envelope(const Mail& mail, const std::string& mark, const std::string& id,
                                const std::string& content) {
        ipc::Commit commit{};
        commit.queue_id = id;
        commit.sender = sender;
        for (const std::string& name : mail.recipients)
            commit.recipients.push_back({address_of(name), "", 0});
        commit.notes.size = content.size();
        commit.notes.header_size = content.find("\r\n\r\n") + 4;
        commit.notes.message_id = commit.envelope_id = mark;
        commit.client_name = "client.example.jp";
        return commit;
    }

    // An operator's command, given again when it fails.
    void command(ipc::QueueVerb verb, const std::string& id, std::string_view doing, std::string_view done,
                 const std::string& mark) {
        ledger_.say("{} {}", doing, mark);
        Result<std::uint64_t> changed = stage_->change(verb, id);
        if (!changed) changed = stage_->change(verb, id);
        if (changed && *changed == 1)
            ledger_.say("{} {}", done, mark);
        else
            ledger_.say("bad {} {}: {}", doing, mark, changed ? "no such message" : changed.error().text);
    }

    void act(const Mail& mail) {
        auto it = ids_.find(mail.mark);
        if (mail.deed == Deed::nothing || it == ids_.end()) return;
        const auto& [id, mark] = it->second;
        if (mail.deed == Deed::requeue)
            return command(ipc::QueueVerb::requeue, id, "requeueing", "requeued", mark);
        command(ipc::QueueVerb::hold, id, "holding", "held", mark);
        if (mail.deed == Deed::hold_and_release)
            command(ipc::QueueVerb::release, id, "releasing", "released", mark);
        if (mail.deed == Deed::hold_and_remove)
            command(ipc::QueueVerb::remove, id, "deleting", "deleted", mark);
    }

    const Roots& roots_;
    Ledger& ledger_;
    std::unique_ptr<Stage> stage_;
    std::map<std::string, std::pair<std::string, std::string>> ids_;  // of the group: id, mark as accepted
};

}  // namespace

void play(const Roots& roots, const Script& script, Ledger& ledger) {
    Player player(roots, ledger);
    if (player.live(script.first) && player.live(script.second)) ledger.say("over");
}

}  // namespace ekiden::crash
