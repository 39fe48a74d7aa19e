#pragma once
// A command line tool's side of a public socket: ask one running service, get its answer.
#include <memory>
#include <string>

#include "common/event/loop.h"
#include "common/ipc/channel.h"
#include "common/net/listener.h"

namespace ekiden::process {

class AdminClient {
  public:
    // Connects to `path` ("$queue_directory/public/queue"), where `service` listens for the administrator, or
    // (`self` is user) for everybody. Errors: nobody listens, not allowed.
    static Result<std::unique_ptr<AdminClient>> connect(const std::string& path, ipc::Service service,
                                                        ipc::Service self = ipc::Service::admin) {
        Result<OwnedFd> fd = net::connect_to_path(path);
        if (!fd) return std::unexpected(fd.error());
        return std::make_unique<AdminClient>(std::move(*fd), service, self);
    }
    // Waits for the reply.
    template <ipc::Message M>
    Result<typename M::Reply> ask(M message, Milliseconds time) {
        return loop_.run(channel_.ask(std::move(message), time));
    }

    // On a connected socket.
    AdminClient(OwnedFd fd, ipc::Service service, ipc::Service self)
        : channel_(loop_, std::move(fd), self, ipc::Sender{service}, dispatcher_, [](ipc::Channel&) {}) {}

  private:
    event::Loop loop_;
    ipc::Dispatcher dispatcher_;
    ipc::Channel channel_;
};

}  // namespace ekiden::process
