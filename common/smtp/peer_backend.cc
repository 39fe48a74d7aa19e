// Each question with its time-out: long enough for a peer that is being restarted, shorter than a client's
// patience (RFC 5321 §4.5.3.2: five minutes for RCPT, ten for the final dot).
#include "common/smtp/peer_backend.h"

namespace ekiden::smtp {
namespace {

using ipc::Service;
using namespace std::chrono_literals;

constexpr Milliseconds lookup_time = 30s;
constexpr Milliseconds name_time = 10s;  // a client's name is not worth more
constexpr Milliseconds auth_time = 60s;  // failures are answered late on purpose
constexpr Milliseconds commit_time = 120s;

}  // namespace

Task<Result<ipc::RecipientVerdict>> PeerBackend::ask(ipc::VerifyRecipient question) {
    return peers_[Service::router].ask(std::move(question), lookup_time);
}
Task<Result<ipc::TableAnswer>> PeerBackend::ask(ipc::LookUpTable question) {
    return peers_[Service::router].ask(std::move(question), lookup_time);
}
Task<Result<ipc::TableAnswer>> PeerBackend::ask(ipc::LookUpAddress question) {
    return peers_[Service::router].ask(std::move(question), lookup_time);
}
Task<Result<ipc::DnsAnswer>> PeerBackend::ask(ipc::DnsQuery question) {
    return peers_[Service::resolver].ask(std::move(question), name_time);
}
Task<Result<ipc::Mechanisms>> PeerBackend::ask(ipc::ListMechanisms question) {
    return peers_[Service::authd].ask(std::move(question), name_time);
}
Task<Result<ipc::AuthAnswer>> PeerBackend::ask(ipc::AuthStart question) {
    return peers_[Service::authd].ask(std::move(question), auth_time);
}
Task<Result<ipc::AuthAnswer>> PeerBackend::ask(ipc::AuthContinue question) {
    return peers_[Service::authd].ask(std::move(question), auth_time);
}
Task<Result<ipc::GrantVerdict>> PeerBackend::ask(ipc::CheckGrant question) {
    return peers_[Service::authd].ask(std::move(question), lookup_time);
}
Task<Result<ipc::SenderVerdict>> PeerBackend::ask(ipc::CheckSenderOwner question) {
    return peers_[Service::authd].ask(std::move(question), lookup_time);
}
Task<Result<ipc::ClientCounts>> PeerBackend::ask(ipc::CountClient question) {
    return peers_[Service::authd].ask(std::move(question), name_time);
}
void PeerBackend::tell(ipc::AuthCancel message) { peers_[Service::authd].tell(message); }
void PeerBackend::tell(ipc::ClientGone message) { peers_[Service::authd].tell(message); }
Task<Result<ipc::QueueIds>> PeerBackend::ask(ipc::ReserveIds question) {
    return peers_[Service::manager].ask(std::move(question), lookup_time);
}
Task<Result<ipc::ContentFile>> PeerBackend::ask(ipc::OpenContent question) {
    return peers_[Service::manager].ask(std::move(question), lookup_time);
}
Task<Result<ipc::Committed>> PeerBackend::ask(ipc::Commit question) {
    return peers_[Service::manager].ask(std::move(question), commit_time);
}
void PeerBackend::tell(ipc::AbandonContent message) { peers_[Service::manager].tell(message); }

}  // namespace ekiden::smtp
