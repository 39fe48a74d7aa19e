#pragma once
// Who there is and who may say what to whom. The receiver knows the sender by the channel that master made; a
// message that is not in this table for that pair ends the sender's channel.
#include <optional>
#include <span>
#include <string_view>

#include "common/ipc/wire.h"

namespace ekiden::ipc {

enum class Service : std::uint8_t {
    master,
    logger,
    smtpd,
    submission,
    pop3_front,
    pop3_session,
    authd,
    manager,
    router,
    relay,
    resolver,
    local_delivery,
    pam_helper,
    session_starter,
    pickup,
    admin,  // a command on a public socket, known by its SO_PEERCRED: root's, or of whoever owns the suite
    user,   // the same of anybody else on this host
    last = user,
};

// The name in logs, documents and `ekiden status`: "smtpd", "pop3d", "authd" …
std::string_view name_of(Service service);
std::optional<Service> service_named(std::string_view name);

struct Permission {
    Service sender;
    Service receiver;
    std::string_view message;
};

// Every permitted request or one-way message. Replies follow from the request.
std::span<const Permission> permissions();

// May `sender` send messages of this type to `receiver`?
bool permitted(Service sender, Service receiver, std::uint32_t type);

// The pairs that need a channel: all that have a permission, master, admin and user aside.
bool linked(Service one, Service other);

}  // namespace ekiden::ipc
