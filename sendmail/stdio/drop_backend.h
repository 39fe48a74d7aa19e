#pragma once
// What the SMTP session of `sendmail -bs` asks of other processes, answered without any: everybody may send
// to everywhere, content is kept until the end, and a message is taken when ekidrop has made it durable.
#include <string>

#include "common/event/loop.h"
#include "common/smtp/backend.h"

namespace ekiden::stdio {

class DropBackend final : public smtp::Backend {
  public:
    // `commands`: where ekidrop is.
    explicit DropBackend(std::string commands) : commands_(std::move(commands)) {}

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
    void tell(ipc::AuthCancel) override {}
    void tell(ipc::ClientGone) override {}
    Task<Result<ipc::QueueIds>> ask(ipc::ReserveIds question) override;
    Task<Result<ipc::ContentFile>> ask(ipc::OpenContent question) override;
    Task<Result<ipc::Committed>> ask(ipc::Commit question) override;
    void tell(ipc::AbandonContent message) override;

  private:
    Result<> hand_in(const ipc::Commit& commit);

    std::string commands_;
    std::int64_t given_ = 0;  // ids
    OwnedFd content_;         // what the session writes, without a name
};

}  // namespace ekiden::stdio
