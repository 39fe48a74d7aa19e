#pragma once
// A session process of one user: the ordinary program for sessions, started as that user, with this process
// in the place of master and of the services that it speaks with. It learns from here whom it serves, hands
// its log lines over here, and ends with its session.
#include <functional>
#include <memory>
#include <string>

#include "common/config/settings.h"
#include "common/event/loop.h"
#include "common/ipc/channel.h"
#include "common/ipc/messages/auth.h"
#include "common/ipc/messages/control.h"
#include "common/ipc/messages/log.h"
#include "common/ipc/messages/session.h"
#include "master/session_starter/mailbox_place.h"

namespace ekiden::session_starter {

struct Orders {
    std::string program;   // path of the executable
    bool become_user;      // started as root: the process becomes the user before it is executed
    std::uint32_t number;  // for its log lines
    std::uint64_t generation;
    std::string log_name;
    OwnedFd snapshot;
    Place place;
    std::string login;
};

class Started {
  public:
    Started(event::Loop& loop, std::function<void(const ipc::LogLine&)> log);
    Started(const Started&) = delete;
    Started& operator=(const Started&) = delete;
    // Kills the process if it still runs.
    ~Started();

    // Until it is confined and ready. Temporary when it cannot begin, with its own words.
    Task<Result<>> start(Orders orders);
    // Until the session has ended, and the process with it.
    Task<> serve(ipc::HandOver hand_over);

  private:
    Task<Result<ipc::MailboxOwner>> whom();
    Result<> execute(const Orders& orders);
    Result<OwnedFd> pair_with(ipc::Service service, ipc::Dispatcher& dispatcher,
                              std::unique_ptr<ipc::Channel>& ours);
    Result<> connect(ipc::Service service, ipc::Dispatcher& dispatcher, std::unique_ptr<ipc::Channel>& ours);
    Result<> begin(Orders orders);

    event::Loop& loop_;
    event::Signal changed_;
    std::int32_t pid_ = -1;
    bool ready_ = false, over_ = false;
    std::string failure_;
    ipc::MailboxOwner owner_{};
    ipc::Dispatcher as_master_, as_authd_, as_front_, as_logger_;
    std::unique_ptr<ipc::Channel> control_, authd_, front_, logger_;
};

}  // namespace ekiden::session_starter
