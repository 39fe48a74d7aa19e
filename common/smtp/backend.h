#pragma once
// What an SMTP server session asks of the other processes. One implementation speaks to them (PeerBackend,
// below), the dialogue tests script another. Every question ends within a time-out of the implementation's; a
// peer that is away gives a temporary error, and the client a 4xx.
#include "common/event/task.h"
#include "common/ipc/messages/auth.h"
#include "common/ipc/messages/dns.h"
#include "common/ipc/messages/queue.h"
#include "common/ipc/messages/router.h"

namespace ekiden::smtp {

class Backend {
  public:
    virtual ~Backend() = default;

    virtual Task<Result<ipc::RecipientVerdict>> ask(ipc::VerifyRecipient question) = 0;
    virtual Task<Result<ipc::TableAnswer>> ask(ipc::LookUpTable question) = 0;
    virtual Task<Result<ipc::TableAnswer>> ask(ipc::LookUpAddress question) = 0;
    virtual Task<Result<ipc::DnsAnswer>> ask(ipc::DnsQuery question) = 0;

    virtual Task<Result<ipc::Mechanisms>> ask(ipc::ListMechanisms question) = 0;
    virtual Task<Result<ipc::AuthAnswer>> ask(ipc::AuthStart question) = 0;
    virtual Task<Result<ipc::AuthAnswer>> ask(ipc::AuthContinue question) = 0;
    virtual Task<Result<ipc::GrantVerdict>> ask(ipc::CheckGrant question) = 0;
    virtual Task<Result<ipc::SenderVerdict>> ask(ipc::CheckSenderOwner question) = 0;
    virtual Task<Result<ipc::ClientCounts>> ask(ipc::CountClient question) = 0;
    virtual void tell(ipc::AuthCancel message) = 0;
    virtual void tell(ipc::ClientGone message) = 0;

    virtual Task<Result<ipc::QueueIds>> ask(ipc::ReserveIds question) = 0;
    virtual Task<Result<ipc::ContentFile>> ask(ipc::OpenContent question) = 0;
    virtual Task<Result<ipc::Committed>> ask(ipc::Commit question) = 0;
    virtual void tell(ipc::AbandonContent message) = 0;
};

}  // namespace ekiden::smtp
