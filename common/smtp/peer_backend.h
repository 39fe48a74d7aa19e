#pragma once
// The Backend that asks the real processes.
#include "common/ipc/peers.h"
#include "common/smtp/backend.h"

namespace ekiden::smtp {

class PeerBackend final : public Backend {
  public:
    explicit PeerBackend(ipc::Peers& peers) : peers_(peers) {}

    Task<Result<ipc::RecipientVerdict>> ask(ipc::VerifyRecipient question) override;
    Task<Result<ipc::TableAnswer>> ask(ipc::LookUpTable question) override;
    Task<Result<ipc::TableAnswer>> ask(ipc::LookUpAddress question) override;
    Task<Result<ipc::DnsAnswer>> ask(ipc::DnsQuery question) override;
    Task<Result<ipc::Mechanisms>> ask(ipc::ListMechanisms question) override;
    Task<Result<ipc::AuthAnswer>> ask(ipc::AuthStart question) override;
    Task<Result<ipc::AuthAnswer>> ask(ipc::AuthContinue question) override;
    Task<Result<ipc::GrantVerdict>> ask(ipc::CheckGrant question) override;
    Task<Result<ipc::SenderVerdict>> ask(ipc::CheckSenderOwner question) override;
    Task<Result<ipc::ClientCounts>> ask(ipc::CountClient question) override;
    void tell(ipc::AuthCancel message) override;
    void tell(ipc::ClientGone message) override;
    Task<Result<ipc::QueueIds>> ask(ipc::ReserveIds question) override;
    Task<Result<ipc::ContentFile>> ask(ipc::OpenContent question) override;
    Task<Result<ipc::Committed>> ask(ipc::Commit question) override;
    void tell(ipc::AbandonContent message) override;

  private:
    ipc::Peers& peers_;
};

}  // namespace ekiden::smtp
