#include "admin/ekiqueue/direct.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/sqlite/database.h"
#include "common/text/queue_id.h"

namespace ekiden::admin {
namespace {

constexpr std::int64_t known_version = 3;  // what it lists has not changed since 1

ipc::ListedMessage message_of(const sqlite::Rows& rows) {
    ipc::ListedMessage message{};
    message.queue_id = print(text::QueueId{rows.number(1), rows.number(0)});
    bool fresh = rows.number(2) == 0;
    message.state = rows.number(3) != 0 ? ipc::QueueState::hold
                    : fresh             ? ipc::QueueState::incoming
                                        : ipc::QueueState::deferred;
    message.size = static_cast<std::uint64_t>(std::max<std::int64_t>(0, rows.number(4)));
    message.arrival = rows.number(5) / 1'000'000;
    message.sender = rows.text(6);
    message.forced_expire = rows.number(7) != 0;
    return message;
}

Result<> add_recipients(sqlite::Statement& statement, std::int64_t sequence, ipc::ListedMessage& message) {
    sqlite::Rows rows = statement.query(sequence);
    while (true) {
        Result<bool> row = rows.next();
        if (!row) return pass(row);
        if (!*row) return {};
        message.recipients.push_back({std::string(rows.text(0)), std::string(rows.text(1))});
    }
}

}  // namespace

Result<> list_directly(const std::string& path, const std::function<void(const ipc::ListedMessage&)>& show) {
    Result<sqlite::Database> database = sqlite::Database::open(path, {.access = sqlite::Access::read_only});
    if (!database) return pass(database);
    Result<std::int64_t> version = database->number("PRAGMA user_version");
    if (!version) return pass(version);
    if (*version < 1 || *version > known_version)
        return permanent(fmt::format("{}: version {} is not known to this program", path, *version));
    Result<sqlite::Statement> messages = database->prepare(
        "SELECT seq, id_time, next_attempt, hold, size, arrived, sender, expire FROM message ORDER BY seq");
    if (!messages) return pass(messages);
    Result<sqlite::Statement> recipients = database->prepare(
        "SELECT address, reason FROM recipient WHERE seq = ? AND state <> 1 ORDER BY number");
    if (!recipients) return pass(recipients);
    sqlite::Rows rows = messages->query();
    while (true) {
        Result<bool> row = rows.next();
        if (!row) return pass(row);
        if (!*row) return {};
        ipc::ListedMessage message = message_of(rows);
        Result<> added = add_recipients(*recipients, rows.number(0), message);
        if (!added) return added;
        show(message);
    }
}

}  // namespace ekiden::admin
