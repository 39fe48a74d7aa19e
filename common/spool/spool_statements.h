#pragma once
// The database of the spool and its prepared statements: an inner part of spool.cc and spool_load.cc.
#include <array>
#include <cstddef>
#include <string_view>

#include "common/spool/spool.h"
#include "common/sqlite/database.h"
#include "common/sqlite/statement.h"

namespace ekiden::queue {

namespace sql {

enum Name : int {
    insert_message,
    insert_recipient,
    insert_content,
    update_recipient,
    end_recipient,
    defer_message,
    delete_message,
    delete_recipients,
    delete_content,
    hold,
    release,
    requeue,
    requeue_recipients,
    expire,
    attempt_now,
    flush_all,
    flush_site,
    take_sequence,
    read_sequence,
    find_file,
    fresh,
    due_same,
    due_later,
    next_due,
    list,
    load,
    recipients,
    recipients_from,
    read_content,
    delivered,
    expanded,
    next_number,
    clamp,
    count,
    remember_drop,
    forget_drops,
    check_messages,
    statement_count
};

#define EKIDEN_MESSAGE_COLUMNS                                                                     \
    "seq, id_time, next_attempt, hold, age, seen, attempts, warned, expire, kind, size, in_file, " \
    "eight_bit, longest_line, header_size, sender, message_id, envelope_id, dsn_return, client, "  \
    "client_address, helo, protocol, login, arrived, leading_dot, line_ends, granted, delivered_to, trace"

// In the order of Name.
inline constexpr std::array<std::string_view, statement_count> text = {
    "INSERT INTO message (seq, id_time, next_attempt, hold, seen, kind, size, in_file, eight_bit, "
    "longest_line, header_size, sender, message_id, envelope_id, dsn_return, client, client_address, helo, "
    "protocol, login, arrived, leading_dot, line_ends, granted, delivered_to, trace) "
    "VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26)",
    "INSERT INTO recipient (seq, number, address, original, state, resolved, notify, orcpt, destination, "
    "target, user) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
    "INSERT INTO content (seq, data) VALUES (?, ?)",
    "UPDATE recipient SET state = ?3, status = ?4, reason = ?5, remote = ?6, reply = ?7, relay = ?8, "
    "action = ?9 WHERE seq = ?1 AND number = ?2",
    "UPDATE recipient SET state = 1 WHERE seq = ?1 AND number = ?2",
    "UPDATE message SET next_attempt = ?2, age = ?3, seen = ?4, attempts = ?5, warned = ?6, trace = ?7 "
    "WHERE seq = ?1",
    "DELETE FROM message WHERE seq = ? RETURNING id_time, in_file",
    "DELETE FROM recipient WHERE seq = ?",
    "DELETE FROM content WHERE seq = ?",
    "UPDATE message SET hold = 1 WHERE seq = ? AND hold = 0",
    "UPDATE message SET hold = 0, next_attempt = max(next_attempt, 1) WHERE seq = ? AND hold = 1",
    "UPDATE message SET hold = 0, next_attempt = 1, attempts = 0, age = 0, warned = 0, expire = 0 WHERE seq "
    "= ?",
    "UPDATE recipient SET status = NULL, reason = NULL, remote = NULL, reply = NULL, relay = NULL, "
    "action = NULL WHERE seq = ? AND state = 0",
    "UPDATE message SET expire = 1 WHERE seq = ? AND expire = 0",
    "UPDATE message SET next_attempt = 1 WHERE seq = ? AND hold = 0",
    "UPDATE message SET next_attempt = 1 WHERE next_attempt > 1 AND hold = 0",
    "UPDATE message SET next_attempt = 1 WHERE next_attempt > 1 AND hold = 0 AND seq IN (SELECT seq FROM "
    "recipient "
    "WHERE state = 0 AND lower(substr(address, -length(?1) - 1)) = '@' || ?1)",
    "UPDATE meta SET value = value + ? WHERE name = 'sequence'",
    "SELECT value FROM meta WHERE name = 'sequence'",
    "SELECT 1 FROM message WHERE seq = ? AND id_time = ? AND in_file = 1",
    "SELECT " EKIDEN_MESSAGE_COLUMNS
    " FROM message WHERE seq > ?1 AND next_attempt = 0 AND hold = 0 ORDER BY seq LIMIT ?2",
    // Two statements instead of a comparison of pairs, which SQLite answers by walking all that is due at
    // once.
    "SELECT " EKIDEN_MESSAGE_COLUMNS
    " FROM message WHERE next_attempt > 0 AND hold = 0 AND next_attempt = ?1 AND seq > ?2 ORDER BY seq LIMIT "
    "?3",
    "SELECT " EKIDEN_MESSAGE_COLUMNS
    " FROM message WHERE next_attempt > 0 AND hold = 0 AND next_attempt > ?1 AND next_attempt <= ?2 "
    "ORDER BY next_attempt, seq LIMIT ?3",
    "SELECT next_attempt FROM message WHERE next_attempt > 0 AND hold = 0 AND next_attempt > ? ORDER BY "
    "next_attempt LIMIT 1",
    "SELECT " EKIDEN_MESSAGE_COLUMNS " FROM message WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    "SELECT " EKIDEN_MESSAGE_COLUMNS " FROM message WHERE seq = ?",
    "SELECT number, address, original, state, resolved, notify, orcpt, status, reason, remote, "
    "destination, target, user, reply, relay, action FROM recipient WHERE seq = ? AND state <> 1 ORDER BY "
    "number",
    "SELECT number, address, original, state, resolved, notify, orcpt, status, reason, remote, "
    "destination, target, user, reply, relay, action FROM recipient WHERE seq = ?1 AND number >= ?2 ORDER BY "
    "number LIMIT ?3",
    "SELECT data FROM content WHERE seq = ?",
    // An alias that was expanded is done as well, but nothing was delivered to it: it has no such status.
    "SELECT address FROM recipient WHERE seq = ? AND state = 1 AND status GLOB '2.*'",
    "SELECT destination, target, user FROM recipient WHERE seq = ? AND destination <> 0",
    "SELECT coalesce(max(number), -1) + 1 FROM recipient WHERE seq = ?",
    "UPDATE message SET next_attempt = ?1 WHERE next_attempt > 0 AND hold = 0 AND next_attempt > ?1",
    "SELECT count(*) FROM message",
    "INSERT OR IGNORE INTO dropped (name, part) VALUES (?, ?)",
    // The names that stay, each between slashes, which no name holds.
    "DELETE FROM dropped WHERE instr(?1, '/' || name || '/') = 0",
    "SELECT seq, id_time, in_file, size, "
    "coalesce((SELECT length(data) FROM content c WHERE c.seq = m.seq), -1), "
    "EXISTS (SELECT 1 FROM recipient r WHERE r.seq = m.seq) FROM message m WHERE seq > ?1 ORDER BY seq LIMIT "
    "?2",
};

#undef EKIDEN_MESSAGE_COLUMNS

}  // namespace sql

struct Spool::Statements {
    sqlite::Database database;
    std::array<sqlite::Statement, sql::statement_count> prepared;

    sqlite::Statement& operator[](int name) { return prepared[static_cast<std::size_t>(name)]; }
};

}  // namespace ekiden::queue
