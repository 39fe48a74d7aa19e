// Reading the spool back: what is due, what an operator wants to see.
#include <algorithm>
#include <iterator>
#include <utility>

#include "common/spool/spool.h"
#include "common/spool/spool_statements.h"
#include "common/text/ascii.h"

namespace ekiden::queue {
namespace {

// A value that a newer or damaged file may hold must not become an enumerator that does not exist.
template <class Enum>
Enum checked(std::int64_t value, Enum last) {
    return value < 0 || value > std::to_underlying(last) ? Enum{} : static_cast<Enum>(value);
}

Envelope envelope_of(const sqlite::Rows& rows) {
    Envelope e;
    e.size = rows.number(10);
    e.eight_bit = rows.number(12) != 0;
    e.longest_line = rows.number(13);
    e.header_size = rows.number(14);
    e.sender = rows.text(15);
    e.message_id = rows.text(16);
    e.envelope_id = rows.text(17);
    e.dsn_return = checked(rows.number(18), DsnReturn::headers);
    e.client = rows.text(19);
    e.client_address = rows.text(20);
    e.helo = rows.text(21);
    e.protocol = rows.text(22);
    e.login = rows.text(23);
    e.arrived_us = rows.number(24);
    e.leading_dot = rows.number(25) != 0;
    e.line_ends = rows.number(26);
    e.grant = rows.text(27);
    e.trace = checked(rows.number(29), ipc::Trace::last);
    for (std::string_view address : text::split(rows.text(28), "\n"))
        if (!address.empty()) e.delivered_to.emplace_back(address);
    return e;
}

StoredMessage message_of(const sqlite::Rows& rows) {
    StoredMessage m;
    m.id = {rows.number(1), rows.number(0)};
    m.next_attempt = rows.number(2);
    m.hold = rows.number(3) != 0;
    m.age = rows.number(4);
    m.seen = rows.number(5);
    m.attempts = rows.number(6);
    m.warned = rows.number(7) != 0;
    m.expire = rows.number(8) != 0;
    m.kind = checked(rows.number(9), Kind::notice);
    m.in_file = rows.number(11) != 0;
    m.envelope = envelope_of(rows);
    return m;
}

Recipient recipient_of(const sqlite::Rows& rows) {
    Recipient r;
    r.number = rows.number(0);
    r.address = rows.text(1);
    r.original = rows.text(2);
    r.state = checked(rows.number(3), RecipientState::failed);
    r.resolved = rows.number(4) != 0;
    r.notify = rows.number(5);
    r.orcpt = rows.text(6);
    r.status = rows.text(7);
    r.reason = rows.text(8);
    r.remote = rows.text(9);
    r.destination = checked(rows.number(10), ipc::Destination::last);
    r.target = rows.text(11);
    r.user = rows.text(12);
    r.reply = rows.text(13);
    r.relay = rows.text(14);
    r.action = rows.text(15);
    return r;
}

// The number that a query gives, if it gives one.
Result<std::optional<std::int64_t>> number_of(sqlite::Rows&& rows) {
    Result<bool> found = rows.next();
    if (!found) return pass(found);
    if (!*found) return std::nullopt;
    return rows.number(0);
}

}  // namespace

template <class... Values>
Result<std::vector<StoredMessage>> Spool::load_with(int statement, const Values&... values) {
    std::vector<StoredMessage> result;
    sqlite::Rows rows = (*statements_)[statement].query(values...);
    while (true) {
        Result<bool> row = rows.next();
        if (!row) return pass(row);
        if (!*row) return result;
        result.push_back(message_of(rows));
        Result<> loaded = load_recipients(result.back());
        if (!loaded) return pass(loaded);
    }
}

Result<> Spool::load_recipients(StoredMessage& message) {
    sqlite::Rows rows = (*statements_)[sql::recipients].query(message.id.sequence);
    while (true) {
        Result<bool> row = rows.next();
        if (!row) return pass(row);
        if (!*row) return {};
        message.recipients.push_back(recipient_of(rows));
    }
}

Result<std::vector<StoredMessage>> Spool::load_fresh(Sequence after, std::int64_t limit) {
    return load_with(sql::fresh, after, limit);
}

Result<std::vector<StoredMessage>> Spool::load_due(DueCursor after, std::int64_t now, std::int64_t limit) {
    if (after.next_attempt > now) return std::vector<StoredMessage>();
    Result<std::vector<StoredMessage>> due =
        load_with(sql::due_same, after.next_attempt, after.sequence, limit);
    if (!due || static_cast<std::int64_t>(due->size()) == limit) return due;
    std::int64_t left = limit - static_cast<std::int64_t>(due->size());
    Result<std::vector<StoredMessage>> later = load_with(sql::due_later, after.next_attempt, now, left);
    if (!later) return later;
    std::ranges::move(*later, std::back_inserter(*due));
    return due;
}

Result<std::vector<StoredMessage>> Spool::list(Sequence after, std::int64_t limit) {
    return load_with(sql::list, after, limit);
}

Result<StoredMessage> Spool::load(Sequence sequence) {
    Result<std::vector<StoredMessage>> found = load_with(sql::load, sequence);
    if (!found) return pass(found);
    if (found->empty()) return not_found("no such message");
    return std::move(found->front());
}

Result<std::vector<Recipient>> Spool::recipients(Sequence sequence, std::int64_t from, std::int64_t limit) {
    std::vector<Recipient> found;
    sqlite::Rows rows = (*statements_)[sql::recipients_from].query(sequence, from, limit);
    while (true) {
        Result<bool> row = rows.next();
        if (!row) return pass(row);
        if (!*row) return found;
        found.push_back(recipient_of(rows));
    }
}

Result<std::optional<std::int64_t>> Spool::next_due(std::int64_t now) {
    return number_of((*statements_)[sql::next_due].query(now));
}

Result<std::string> Spool::read_content(Sequence sequence) {
    sqlite::Rows rows = (*statements_)[sql::read_content].query(sequence);
    Result<bool> found = rows.next();
    if (!found) return pass(found);
    if (!*found) return not_found("the spool has no content for this message");
    return std::string(rows.blob(0));
}

Result<std::vector<std::string>> Spool::delivered(Sequence sequence) {
    std::vector<std::string> addresses;
    sqlite::Rows rows = (*statements_)[sql::delivered].query(sequence);
    while (true) {
        Result<bool> row = rows.next();
        if (!row) return pass(row);
        if (!*row) return addresses;
        addresses.emplace_back(rows.text(0));
    }
}

Result<std::vector<Recipient>> Spool::expanded(Sequence sequence) {
    std::vector<Recipient> recipients;
    sqlite::Rows rows = (*statements_)[sql::expanded].query(sequence);
    while (true) {
        Result<bool> row = rows.next();
        if (!row) return pass(row);
        if (!*row) return recipients;
        Recipient& r = recipients.emplace_back();
        r.destination = checked(rows.number(0), ipc::Destination::last);
        r.target = rows.text(1);
        r.user = rows.text(2);
    }
}

Result<std::int64_t> Spool::next_number(Sequence sequence) {
    Result<std::optional<std::int64_t>> number = number_of((*statements_)[sql::next_number].query(sequence));
    if (!number) return pass(number);
    return number->value_or(0);
}

Result<std::int64_t> Spool::clamp(std::int64_t latest) {
    Result<> done = (*statements_)[sql::clamp].run(latest);
    if (!done) return pass(done);
    return statements_->database.changes();
}

Result<std::int64_t> Spool::count() {
    Result<std::optional<std::int64_t>> number = number_of((*statements_)[sql::count].query());
    if (!number) return pass(number);
    return number->value_or(0);
}

}  // namespace ekiden::queue
