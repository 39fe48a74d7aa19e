#pragma once
// The spool's database as SQL; docs/queue-states.md section 2 says what each column means. A change is a new
// step at the end of the list, never an edit of a step that was released.
#include <array>
#include <string_view>

namespace ekiden::queue {

inline constexpr std::array<std::string_view, 4> schema_steps = {R"sql(
PRAGMA application_id = 0x456b5131;
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('sequence', 1);
CREATE TABLE message (
    seq INTEGER PRIMARY KEY,
    id_time INTEGER NOT NULL,
    arrived INTEGER NOT NULL,
    next_attempt INTEGER NOT NULL,
    hold INTEGER NOT NULL DEFAULT 0,
    age INTEGER NOT NULL DEFAULT 0,
    seen INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    warned INTEGER NOT NULL DEFAULT 0,
    expire INTEGER NOT NULL DEFAULT 0,
    kind INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL,
    in_file INTEGER NOT NULL,
    eight_bit INTEGER NOT NULL,
    leading_dot INTEGER NOT NULL,
    line_ends INTEGER NOT NULL,
    longest_line INTEGER NOT NULL,
    header_size INTEGER NOT NULL,
    sender TEXT NOT NULL,
    message_id TEXT,
    envelope_id TEXT,
    dsn_return INTEGER NOT NULL DEFAULT 0,
    client TEXT,
    client_address TEXT,
    helo TEXT,
    protocol TEXT,
    login TEXT,
    granted TEXT);
CREATE TABLE recipient (
    seq INTEGER NOT NULL,
    number INTEGER NOT NULL,
    address TEXT NOT NULL,
    original TEXT,
    state INTEGER NOT NULL DEFAULT 0,
    resolved INTEGER NOT NULL DEFAULT 0,
    notify INTEGER NOT NULL DEFAULT 0,
    orcpt TEXT,
    status TEXT,
    reason TEXT,
    remote TEXT,
    PRIMARY KEY (seq, number)) WITHOUT ROWID;
CREATE TABLE content (seq INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE INDEX due ON message(next_attempt, seq) WHERE next_attempt > 0 AND hold = 0;
)sql",
                                                                 R"sql(
ALTER TABLE message ADD COLUMN delivered_to TEXT;
ALTER TABLE recipient ADD COLUMN destination INTEGER NOT NULL DEFAULT 0;
ALTER TABLE recipient ADD COLUMN target TEXT;
ALTER TABLE recipient ADD COLUMN user TEXT;
)sql",
                                                                 R"sql(
CREATE TABLE dropped (
    name TEXT NOT NULL,
    part INTEGER NOT NULL,
    PRIMARY KEY (name, part)) WITHOUT ROWID;
)sql",
                                                                 R"sql(
ALTER TABLE message ADD COLUMN trace INTEGER NOT NULL DEFAULT 0;
ALTER TABLE recipient ADD COLUMN reply TEXT;
ALTER TABLE recipient ADD COLUMN relay TEXT;
ALTER TABLE recipient ADD COLUMN action TEXT;
)sql"};

}  // namespace ekiden::queue
