// One process and one client: here a question may block.
#include "sendmail/stdio/drop_backend.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "common/base/clock.h"
#include "common/mail/header.h"
#include "common/maildrop/drop.h"
#include "common/maildrop/ekidrop.h"
#include "common/text/queue_id.h"

namespace ekiden::stdio {
namespace {

std::unexpected<Error> nobody() { return temporary("sendmail -bs asks nobody"); }

// Wire form to LF, in pieces that may be cut anywhere: every CR belongs to a line end.
std::string with_lf(std::string_view piece) {
    std::string out;
    out.reserve(piece.size());
    for (char c : piece)
        if (c != '\r') out += c;
    return out;
}

// Where the session's own Received: field ends; pickup writes a better one.
std::size_t received_end(std::string_view content) {
    mail::FieldReader reader(content);
    return reader.next() ? reader.fields_end() : 0;
}

}  // namespace

Task<Result<ipc::RecipientVerdict>> DropBackend::ask(ipc::VerifyRecipient) {
    ipc::RecipientVerdict verdict{ipc::AddressClass::remote, true, 250, ""};
    co_return verdict;
}
Task<Result<ipc::TableAnswer>> DropBackend::ask(ipc::LookUpTable) { co_return nobody(); }
Task<Result<ipc::TableAnswer>> DropBackend::ask(ipc::LookUpAddress) { co_return nobody(); }
Task<Result<ipc::DnsAnswer>> DropBackend::ask(ipc::DnsQuery) { co_return nobody(); }
Task<Result<ipc::Mechanisms>> DropBackend::ask(ipc::ListMechanisms) { co_return nobody(); }
Task<Result<ipc::AuthAnswer>> DropBackend::ask(ipc::AuthStart) { co_return nobody(); }
Task<Result<ipc::AuthAnswer>> DropBackend::ask(ipc::AuthContinue) { co_return nobody(); }
Task<Result<ipc::GrantVerdict>> DropBackend::ask(ipc::CheckGrant) { co_return nobody(); }
Task<Result<ipc::SenderVerdict>> DropBackend::ask(ipc::CheckSenderOwner) { co_return nobody(); }
Task<Result<ipc::ClientCounts>> DropBackend::ask(ipc::CountClient) { co_return nobody(); }

// The id that the queue gives is not known yet; this one has its form, and names process and message.
Task<Result<ipc::QueueIds>> DropBackend::ask(ipc::ReserveIds) {
    ipc::QueueIds ids;
    ids.ids.push_back(
        print(text::QueueId{system_clock().wall_us(), getpid() * std::int64_t{1000} + ++given_}));
    co_return ids;
}

Task<Result<ipc::ContentFile>> DropBackend::ask(ipc::OpenContent) {
    content_.reset(memfd_create("message", MFD_CLOEXEC));
    ipc::ContentFile reply;
    reply.file.reset(content_ ? dup(content_.get()) : -1);
    if (!reply.file) co_return system_error("memfd", errno);
    co_return reply;
}

void DropBackend::tell(ipc::AbandonContent) { content_.reset(); }

Task<Result<ipc::Committed>> DropBackend::ask(ipc::Commit commit) {
    Result<> done = hand_in(commit);
    content_.reset();
    if (!done) co_return pass(done);
    ipc::Committed committed{commit.queue_id, false};
    co_return committed;
}

Result<> DropBackend::hand_in(const ipc::Commit& commit) {
    maildrop::Envelope envelope;
    envelope.sender = commit.sender;
    envelope.envelope_id = commit.envelope_id.substr(0, maildrop::limits::envelope_id);
    envelope.return_content = commit.return_content;
    for (const ipc::EnvelopeRecipient& each : commit.recipients)
        envelope.recipients.push_back({each.address, each.notify});
    Result<maildrop::Ekidrop> ekidrop = maildrop::Ekidrop::start(commands_);
    if (!ekidrop) return pass(ekidrop);
    bool wanted = ekidrop->write(print(envelope));
    std::uint64_t octets = 0;
    bool first = true;
    auto put = [&](std::string_view wire) {
        if (std::exchange(first, false)) wire.remove_prefix(received_end(wire));
        std::string text = with_lf(wire);
        octets += text.size();
        wanted = wanted && ekidrop->write_content(text);
    };
    if (!commit.in_file) put(commit.content);
    std::array<char, 65536> buffer{};
    for (off_t at = 0; commit.in_file && wanted;) {
        ssize_t got = pread(content_.get(), buffer.data(), buffer.size(), at);
        if (got < 0) return system_error("reading the message", errno);
        if (got == 0) break;
        put(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
        at += got;
    }
    if (wanted) ekidrop->write(maildrop::end_record(envelope.recipients.size(), octets));
    std::string trouble = ekidrop->finish();
    if (!trouble.empty()) return temporary(trouble);
    return {};
}

}  // namespace ekiden::stdio
