// The table of permissions. One row a sentence: who says what to whom.
#include "common/ipc/senders.h"

#include <array>

#include "common/ipc/messages/all.h"

namespace ekiden::ipc {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Service::last) + 1> names = {
    "master", "logger", "smtpd", "submission", "pop3d",   "pop3d-session", "authd",
    "qmgr",   "router", "smtp",  "resolver",   "virtual", "pam-helper",    "session-starter",
    "pickup", "admin",  "user",
};

using enum Service;
constexpr auto table = std::to_array<Permission>({
    {smtpd, router, VerifyRecipient::name},
    {smtpd, router, LookUpTable::name},
    {smtpd, router, LookUpAddress::name},
    {smtpd, authd, AuthStart::name},
    {smtpd, authd, AuthContinue::name},
    {smtpd, authd, AuthCancel::name},
    {smtpd, authd, ListMechanisms::name},
    {smtpd, authd, CheckGrant::name},
    {smtpd, authd, CheckSenderOwner::name},
    {smtpd, authd, CountClient::name},
    {smtpd, authd, ClientGone::name},
    {smtpd, manager, ReserveIds::name},
    {smtpd, manager, OpenContent::name},
    {smtpd, manager, AbandonContent::name},
    {smtpd, manager, Commit::name},
    {smtpd, resolver, DnsQuery::name},

    {submission, router, VerifyRecipient::name},
    {submission, router, LookUpTable::name},
    {submission, router, LookUpAddress::name},
    {submission, authd, AuthStart::name},
    {submission, authd, AuthContinue::name},
    {submission, authd, AuthCancel::name},
    {submission, authd, ListMechanisms::name},
    {submission, authd, CheckGrant::name},
    {submission, authd, CheckSenderOwner::name},
    {submission, authd, CountClient::name},
    {submission, authd, ClientGone::name},
    {submission, manager, ReserveIds::name},
    {submission, manager, OpenContent::name},
    {submission, manager, AbandonContent::name},
    {submission, manager, Commit::name},
    {submission, resolver, DnsQuery::name},

    {pickup, manager, ReserveIds::name},
    {pickup, manager, OpenContent::name},
    {pickup, manager, AbandonContent::name},
    {pickup, manager, Commit::name},
    {pickup, manager, ForgetDrops::name},
    {pickup, manager, ListQueue::name},
    {pickup, manager, FlushQueue::name},
    {pickup, router, FindUserName::name},

    {pop3_front, authd, PasswordLogin::name},
    {pop3_front, authd, AuthStart::name},
    {pop3_front, authd, AuthContinue::name},
    {pop3_front, authd, AuthCancel::name},
    {pop3_front, authd, ListMechanisms::name},
    {pop3_front, authd, TakeApopChallenges::name},
    {pop3_front, authd, ApopLogin::name},
    {pop3_front, authd, CountClient::name},
    {pop3_front, authd, ClientGone::name},
    {pop3_front, pop3_session, HandOver::name},
    {pop3_session, authd, RedeemTicket::name},
    {pop3_front, session_starter, HandOver::name},
    {session_starter, authd, RedeemTicket::name},
    {authd, pam_helper, CheckSystemPassword::name},

    {manager, router, ResolveRecipients::name},
    {manager, relay, Deliver::name},
    {manager, local_delivery, Deliver::name},
    {relay, resolver, DnsQuery::name},
    {relay, router, LookUpTable::name},

    {smtpd, logger, LogLine::name},
    {submission, logger, LogLine::name},
    {pop3_front, logger, LogLine::name},
    {pop3_session, logger, LogLine::name},
    {authd, logger, LogLine::name},
    {manager, logger, LogLine::name},
    {router, logger, LogLine::name},
    {relay, logger, LogLine::name},
    {resolver, logger, LogLine::name},
    {local_delivery, logger, LogLine::name},
    {pam_helper, logger, LogLine::name},
    {session_starter, logger, LogLine::name},
    {pickup, logger, LogLine::name},
    {master, logger, LogLine::name},

    {admin, manager, ListQueue::name},
    {admin, manager, ChangeQueue::name},
    {admin, manager, ReadMessage::name},
    {admin, manager, CheckQueue::name},
    {admin, authd, AdminCommand::name},
    {admin, master, QueryStatus::name},
    {admin, master, Reload::name},

    {user, pickup, ListQueue::name},
    {user, pickup, FlushQueue::name},
});

}  // namespace

std::string_view name_of(Service service) { return names[static_cast<std::size_t>(service)]; }

std::optional<Service> service_named(std::string_view name) {
    for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == name) return static_cast<Service>(i);
    return std::nullopt;
}

std::span<const Permission> permissions() { return table; }

bool permitted(Service sender, Service receiver, std::uint32_t type) {
    if (sender == master || receiver == master) {
        // The control channel: master says the first group, a child the second.
        auto is = [type](std::string_view message) { return type == type_of(message); };
        if (sender == master &&
            (is(Begin::name) || is(PeerEnd::name) || is(PeerDraining::name) || is(TlsIdentity::name) ||
             is(NewSnapshot::name) || is(Drain::name) || is(Ping::name)))
            return true;
        if (receiver == master && sender != admin && sender != user)
            return is(Ready::name) || is(StartFailed::name) || is(PeerLost::name);
    }
    for (const Permission& row : table)
        if (row.sender == sender && row.receiver == receiver && type_of(row.message) == type) return true;
    return false;
}

bool linked(Service one, Service other) {
    for (Service outside : {master, admin, user})
        if (one == outside || other == outside) return false;
    for (const Permission& row : table)
        if ((row.sender == one && row.receiver == other) || (row.sender == other && row.receiver == one))
            return true;
    return false;
}

}  // namespace ekiden::ipc
