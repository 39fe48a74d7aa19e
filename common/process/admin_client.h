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
    // (`self` is user) for everybody. Errors: not_found when nobody listens, so that a tool may do the work
    // itself; denied; temporary when the service is there and busy.
    static Result<std::unique_ptr<AdminClient>> connect(const std::string& path, ipc::Service service,
                                                        ipc::Service self = ipc::Service::admin) {
        Result<OwnedFd> fd = net::connect_to_path(path);
        if (!fd) return std::unexpected(fd.error());
        return std::make_unique<AdminClient>(std::move(*fd), service, self);
    }
    // False: the service has ended the connection, or is gone.
    bool open() const { return channel_.open(); }
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
