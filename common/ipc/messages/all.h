#pragma once
// Every message, for documents, tests and fuzz targets that go over all of them.
#include <tuple>

#include "common/ipc/messages/auth.h"
#include "common/ipc/messages/control.h"
#include "common/ipc/messages/delivery.h"
#include "common/ipc/messages/dns.h"
#include "common/ipc/messages/log.h"
#include "common/ipc/messages/queue.h"
#include "common/ipc/messages/router.h"
#include "common/ipc/messages/session.h"

namespace ekiden::ipc {

using AllMessages =
    std::tuple<Done, Begin, PeerEnd, PeerLost, PeerDraining, Ready, StartFailed, TlsIdentity, NewSnapshot,
               Drain, Counters, Ping, SuiteStatus, QueryStatus, Reload, LogLine, DnsAnswer, DnsQuery,
               RecipientVerdict, VerifyRecipient, Resolution, ResolveRecipients, TableAnswer, LookUpTable,
               LookUpAddress, QueueIds, ReserveIds, ContentFile, OpenContent, AbandonContent, Committed,
               Commit, ForgetDrops, QueuePage, ListQueue, ChangedMessages, ChangeQueue, ReadMessage,
               QueuedMessage, CheckQueue, QueueFindings, DeliveryOutcome, Deliver, HandOver, AuthAnswer,
               AuthStart, AuthContinue, AuthCancel, PasswordLogin, ApopChallenges, TakeApopChallenges,
               ApopLogin, Mechanisms, ListMechanisms, MailboxOwner, RedeemTicket, GrantVerdict, CheckGrant,
               SenderVerdict, CheckSenderOwner, SystemAnswer, CheckSystemPassword, ClientCounts, CountClient,
               ClientGone, AdminReply, AdminCommand>;

}  // namespace ekiden::ipc
