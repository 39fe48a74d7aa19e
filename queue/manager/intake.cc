// Ids, content files, commits.
//
// A worker may hold ids that a manager before this one gave it; they were never used, or their message is in
// the spool, which then refuses them. So an id below this process's first is taken from anybody.
#include "queue/manager/intake.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "common/log/events.h"
#include "common/text/ascii.h"

namespace ekiden::queue {
namespace {

constexpr std::size_t address_limit = 1000;  // octets; RFC 5321 allows 256 + the path's own, aliases more
constexpr std::size_t text_limit = 4096;     // names of clients, message ids
constexpr std::size_t delivered_to_limit = 200;
constexpr std::size_t drop_name_limit = 255;
constexpr std::int64_t us_per_day = std::int64_t{86400} * 1'000'000;

// No control octets: these strings come back in notices, headers and listings.
bool clean(const std::string& s, std::size_t limit) {
    return s.size() <= limit &&
           std::ranges::none_of(s, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string without_controls(std::string text) {
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return text;
}

bool is_drop_name(const std::string& s) {
    return s.size() <= drop_name_limit && clean(s, drop_name_limit) && s.find('/') == std::string::npos;
}

}  // namespace

Task<Result<ipc::QueueIds>> Intake::reserve(ipc::ReserveIds question, ipc::Sender sender) {
    std::size_t count = std::clamp<std::size_t>(question.count, 1, 256);
    if (clients_[key_of(sender)].ids.size() + count > limits_.ids)
        co_return temporary("too many queue ids are set aside");
    Result<std::vector<text::QueueId>> ids = co_await queue_.reserve_ids(count);
    if (!ids) co_return pass(ids);
    ipc::QueueIds reply;
    Client& client = clients_[key_of(sender)];
    for (const text::QueueId& id : *ids) {
        client.ids.insert(id.sequence);
        reply.ids.push_back(print(id));
    }
    co_return reply;
}

Result<text::QueueId> Intake::given(const std::string& id, const ipc::Sender& sender) {
    std::optional<text::QueueId> parsed = text::parse_queue_id(id);
    if (!parsed) return malformed("not a queue id: " + text::printable(id, 40));
    bool known = clients_[key_of(sender)].ids.contains(parsed->sequence) || parsed->sequence < first_;
    if (!known) return denied(id + " was not given to you");
    return *parsed;
}

Task<Result<ipc::ContentFile>> Intake::open(ipc::OpenContent question, ipc::Sender sender) {
    Result<text::QueueId> id = given(question.queue_id, sender);
    if (!id) co_return pass(id);
    Result<> open = queue_.intake_open();
    if (!open) co_return pass(open);
    Client& client = clients_[key_of(sender)];
    if (client.files.size() >= limits_.open_files)
        co_return temporary("too many messages are being received");
    Result<OwnedFd> file = content_.create(*id);
    if (!file) co_return pass(file);
    client.files[id->sequence] = *id;
    ipc::ContentFile reply;
    reply.file = std::move(*file);
    co_return reply;
}

void Intake::abandon(const ipc::AbandonContent& order, const ipc::Sender& sender) {
    std::optional<text::QueueId> id = text::parse_queue_id(order.queue_id);
    if (!id) return;
    Client& client = clients_[key_of(sender)];
    client.ids.erase(id->sequence);
    if (client.files.erase(id->sequence) > 0) content_.remove(*id);
}

Task<Result<ipc::Committed>> Intake::commit(ipc::Commit order, ipc::Sender sender) {
    Result<text::QueueId> id = given(order.queue_id, sender);
    if (!id) co_return pass(id);
    Client& client = clients_[key_of(sender)];
    client.ids.erase(id->sequence);
    bool own_file = client.files.erase(id->sequence) > 0;
    Result<> good = check(order);
    if (good && order.in_file != own_file) good = malformed("content is not where the commit says");
    if (good) good = queue_.intake_open();
    if (!good) {
        if (own_file) content_.remove(*id);
        log::emit(events::intake_failed, print(*id), good.error());
        co_return pass(good);
    }
    NewMessage message = message_of(std::move(order), *id);
    Result<bool> accepted = co_await queue_.accept(std::move(message));
    if (!accepted) {
        log::emit(events::intake_failed, print(*id), accepted.error());
        co_return pass(accepted);
    }
    co_return ipc::Committed{print(*id), !*accepted};
}

Task<Result<ipc::Done>> Intake::forget_drops(ipc::ForgetDrops order) {
    for (const std::string& name : order.keep)
        if (!is_drop_name(name)) co_return malformed("not the name of a maildrop file");
    Result<> forgotten = co_await queue_.forget_drops(std::move(order.keep));
    if (!forgotten) co_return pass(forgotten);
    co_return ipc::Done{};
}

Result<> Intake::check(const ipc::Commit& order) const {
    std::int64_t limit = limits_.message_size;
    auto size = static_cast<std::int64_t>(order.notes.size);
    if (order.recipients.empty()) return malformed("a message without recipients");
    if (order.recipients.size() > limits_.recipients) return permanent("too many recipients");
    // What comes from maildrop was measured when it was dropped, without the fields that it has got since.
    if (size < 0 || (limit > 0 && size > limit && order.drop.empty()))
        return permanent("message is larger than message_size_limit");
    if (order.notes.header_size > order.notes.size) return malformed("a header larger than its message");
    if (order.trace != ipc::Trace::none && order.drop.empty())
        return malformed("only mail from maildrop asks for a report");
    if (!order.in_file && order.content.size() != order.notes.size)
        return malformed("content of another size");
    bool texts = clean(order.sender, address_limit) && clean(order.envelope_id, text_limit) &&
                 clean(order.notes.message_id, text_limit) && clean(order.client_name, text_limit) &&
                 clean(order.client_address, text_limit) && clean(order.helo, text_limit) &&
                 clean(order.protocol, text_limit) && clean(order.login, text_limit) &&
                 clean(order.grant_user, text_limit) && is_drop_name(order.drop) &&
                 order.notes.delivered_to.size() <= delivered_to_limit;
    for (const std::string& address : order.notes.delivered_to)
        texts = texts && address.size() <= address_limit;
    for (const ipc::EnvelopeRecipient& r : order.recipients)
        texts = texts && !r.address.empty() && clean(r.address, address_limit) &&
                clean(r.original, address_limit);
    if (!texts) return malformed("an address or name with control characters, or too long");
    return {};
}

NewMessage Intake::message_of(ipc::Commit order, const text::QueueId& id) const {
    NewMessage message;
    message.id = id;
    Envelope& e = message.envelope;
    std::int64_t now = clock_.wall_us();
    bool plausible = order.arrival <= now && order.arrival > now - us_per_day;
    e.arrived_us = plausible ? order.arrival : now;
    e.sender = std::move(order.sender);
    e.envelope_id = std::move(order.envelope_id);
    e.dsn_return = order.return_content == 2   ? DsnReturn::full
                   : order.return_content == 1 ? DsnReturn::headers
                                               : DsnReturn::unspecified;
    e.message_id = std::move(order.notes.message_id);
    e.size = static_cast<std::int64_t>(order.notes.size);
    e.header_size = static_cast<std::int64_t>(order.notes.header_size);
    e.line_ends = static_cast<std::int64_t>(order.notes.line_ends);
    e.longest_line = order.notes.longest_line;
    e.eight_bit = order.notes.eight_bit;
    e.leading_dot = order.notes.leading_dot;
    e.client = std::move(order.client_name);
    e.client_address = std::move(order.client_address);
    e.helo = std::move(order.helo);
    e.protocol = std::move(order.protocol);
    e.login = std::move(order.login);
    e.grant = std::move(order.grant_user);
    e.trace = order.trace;
    for (const std::string& address : order.notes.delivered_to)
        e.delivered_to.push_back(without_controls(address));
    // Who is named twice gets one copy, as with Postfix's cleanup(8).
    std::unordered_set<std::string> known;
    for (ipc::EnvelopeRecipient& from : order.recipients) {
        if (!known.insert(text::to_lower(from.address)).second) continue;
        Recipient r;
        r.number = static_cast<std::int64_t>(message.recipients.size());
        r.address = std::move(from.address);
        r.orcpt = std::move(from.original);
        r.notify = from.notify & (notify::never | notify::success | notify::failure | notify::delay);
        message.recipients.push_back(std::move(r));
    }
    message.drop = std::move(order.drop);
    message.drop_part = order.drop_part;
    message.in_file = order.in_file;
    if (!order.in_file) message.content = std::make_shared<const std::string>(std::move(order.content));
    return message;
}

void Intake::lost(const ipc::Sender& sender) {
    auto it = clients_.find(key_of(sender));
    if (it == clients_.end()) return;
    for (const auto& [sequence, id] : it->second.files) content_.remove(id);
    clients_.erase(it);
}

}  // namespace ekiden::queue
