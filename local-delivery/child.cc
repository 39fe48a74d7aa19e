// The delivery process of one owner: from fork to the end of the channel. Everything that can fail before it
// is confined ends it, with a line that says why.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <ctime>

#include "common/log/events.h"
#include "common/process/sandbox.h"
#include "local-delivery/batches.h"
#include "local-delivery/children.h"

namespace ekiden::local_delivery {
namespace {

// Confined like a program that opens files and nothing else.
constexpr process::Row child_row{ipc::Service::local_delivery, "local-delivery", "virtual", nullptr,
                                 /*empty_root=*/false,
                                 /*internet=*/false,
                                 /*unix_datagrams=*/false,
                                 /*children=*/false,
                                 /*speaks_tls=*/false,
                                 /*reloads_in_place=*/false};

Result<OwnedFd> become_and_confine(pid_t parent, unsigned uid, unsigned gid, const ChildSettings& settings) {
    if (settings.as_root)
        if (Result<> became = process::become(uid, gid); !became) return pass(became);
    if (!process::die_with_parent(parent)) return temporary("the parent is gone");
    OwnedFd mail_root(open(settings.mail_root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!mail_root) return system_error("cannot open virtual_mailbox_base " + settings.mail_root, errno);
    tzset();  // the host's zone, for the dates in mboxes, while it can be read
    process::Paths paths;
    paths.write.push_back(settings.mail_root);
    if (Result<> confined = process::confine(child_row, paths); !confined) return pass(confined);
    return mail_root;
}

Task<Result<ipc::DeliveryOutcome>> deliver(Batches& batches, const Result<OwnedFd>& mail_root,
                                           ipc::Deliver message) {
    // A process that could not be confined delivers nothing and says why; the parent then ends it.
    if (!mail_root) co_return pass(mail_root);
    if (message.recipients.size() != 1) co_return malformed("a delivery to a mailbox has one recipient");
    Result<ipc::RecipientOutcome> done = co_await batches.deliver(std::move(message));
    if (!done) co_return pass(done);
    ipc::DeliveryOutcome outcome{};
    outcome.recipients.push_back(std::move(*done));
    co_return outcome;
}

}  // namespace

void close_others(int channel) {
    close_range(3, static_cast<unsigned>(channel) - 1, 0);
    close_range(static_cast<unsigned>(channel) + 1, ~0u, 0);
}

int run_child(OwnedFd channel, pid_t parent, unsigned uid, unsigned gid, const ChildSettings& settings) {
    log::set_sink(nullptr);  // the parent's way to the logger is not ours
    close_others(channel.get());
    signal(SIGCHLD, SIG_DFL);
    Result<OwnedFd> mail_root = become_and_confine(parent, uid, gid, settings);
    event::Loop loop;
    Batches batches(loop, mail_root ? mail_root->get() : -1, settings.mailbox);
    ipc::Dispatcher dispatcher;
    dispatcher.answer<ipc::Deliver>(
        [&](ipc::Deliver message, ipc::Sender) { return deliver(batches, mail_root, std::move(message)); });
    ipc::Sender manager{ipc::Service::manager, 0, 0, parent, "qmgr"};
    ipc::Channel from_parent(loop, std::move(channel), ipc::Service::local_delivery, manager, dispatcher,
                             [&](ipc::Channel&) { loop.stop(); });
    loop.run();
    return 0;
}

}  // namespace ekiden::local_delivery
