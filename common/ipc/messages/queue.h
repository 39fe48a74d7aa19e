#pragma once
// smtpd, submission, pickup → manager: intake. ekiqueue, ekisuper, ekicat → manager: the operator's view.
// ekiqueue of an ordinary user → pickup → manager: what such a user may ask for.
#include "common/ipc/messages/control.h"

namespace ekiden::ipc {

struct QueueIds {
    static constexpr std::string_view name = "queue_ids";
    std::vector<std::string> ids;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("ids", m.ids);
    }
};

// Ids for messages to come, never used again. Asked for in batches, so that a message's Received: header can
// name its id without a round trip.
struct ReserveIds {
    static constexpr std::string_view name = "reserve_ids";
    using Reply = QueueIds;
    std::uint16_t count;  // 1..256
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("count", m.count);
    }
};

struct ContentFile {
    static constexpr std::string_view name = "content_file";
    OwnedFd file;  // new, private, empty, open for writing; the worker closes it once it has committed
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("file", m.file);
    }
};

// For content over spool_inline_limit. Refused (temporary) below queue_minfree.
struct OpenContent {
    static constexpr std::string_view name = "open_content";
    using Reply = ContentFile;
    std::string queue_id;  // one of those reserved by this channel
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("queue_id", m.queue_id);
    }
};

// The content file of this id is not going to be committed (client gone, message refused).
struct AbandonContent {
    static constexpr std::string_view name = "abandon_content";
    std::string queue_id;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("queue_id", m.queue_id);
    }
};

// What the intake noted while it read the content, so that no later stage must read it again.
struct ContentNotes {
    std::uint64_t size;          // octets in wire form (CRLF, dots unstuffed), Received: header included
    std::uint64_t header_size;   // octets up to and with the empty line, or all where there is none
    std::uint64_t line_ends;     // CRLFs, so that size - line_ends is the size with LF
    std::uint32_t longest_line;  // octets without CRLF
    bool eight_bit;              // an octet over 127 occurs
    bool leading_dot;            // a line begins with a dot
    std::string message_id;      // with angle brackets; empty: none
    std::vector<std::string> delivered_to;  // what its Delivered-To: fields name, for the detection of loops
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("size", m.size), f("header_size", m.header_size), f("line_ends", m.line_ends);
        f("longest_line", m.longest_line), f("eight_bit", m.eight_bit), f("leading_dot", m.leading_dot);
        f("message_id", m.message_id), f("delivered_to", m.delivered_to);
    }
};

struct EnvelopeRecipient {
    std::string address;   // local@domain
    std::string original;  // ORCPT (RFC 3461), decoded "rfc822;a@b", or empty
    std::uint8_t notify;   // RFC 3461 bits: 1 never, 2 success, 4 failure, 8 delay; 0: not given
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("address", m.address), f("original", m.original), f("notify", m.notify);
    }
};

// What a local sender asked to hear of his message beside failures (sendmail -v, -bv).
enum class Trace : std::uint8_t {
    none,
    report,  // deliver, and mail a report of the first attempt
    verify,  // deliver nothing: say of each recipient what would be done
    last = verify,
};

struct Committed {
    static constexpr std::string_view name = "committed";
    std::string queue_id;
    bool known = false;  // this maildrop file was committed before: what came now is dropped
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("queue_id", m.queue_id), f("known", m.known);
    }
};

// The reply comes when content and envelope are durable, and only then may the client read 250.
struct Commit {
    static constexpr std::string_view name = "commit";
    using Reply = Committed;
    std::string queue_id;         // one of those reserved by this channel
    std::string sender;           // local@domain, empty: the null sender
    std::string envelope_id;      // ENVID, or empty
    std::uint8_t return_content;  // RET: 0 not given, 1 headers, 2 full
    std::vector<EnvelopeRecipient> recipients;
    ContentNotes notes;
    bool in_file;          // the content is in the file that OpenContent gave; else it is here:
    std::string content;   // wire form
    std::int64_t arrival;  // UTC microseconds
    // Who brought it, for log lines, DSNs and policy: name, address, HELO, protocol, login or grant.
    std::string client_name;
    std::string client_address;
    std::string helo;
    std::string protocol;  // "ESMTPSA"
    std::string login;
    std::string grant_user;  // the POP-before-SMTP grant that opened the relay
    // pickup: the maildrop file that this is, and which of the messages that the file makes. What was
    // committed under the same two before is not taken again. Empty: no such file.
    std::string drop;
    std::uint32_t drop_part;
    Trace trace = Trace::none;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("queue_id", m.queue_id), f("sender", m.sender), f("envelope_id", m.envelope_id);
        f("return_content", m.return_content), f("recipients", m.recipients), f("notes", m.notes);
        f("in_file", m.in_file), f("content", m.content), f("arrival", m.arrival);
        f("client_name", m.client_name), f("client_address", m.client_address), f("helo", m.helo);
        f("protocol", m.protocol), f("login", m.login), f("grant_user", m.grant_user);
        f("drop", m.drop), f("drop_part", m.drop_part), f("trace", m.trace);
    }
};

// pickup: the maildrop files that are gone for good, loss of power included, need not be remembered any
// longer: all but these. Asked only while no commit of pickup's is under way.
struct ForgetDrops {
    static constexpr std::string_view name = "forget_drops";
    using Reply = Done;
    std::vector<std::string> keep;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("keep", m.keep);
    }
};

// --- ekiqueue ---

enum class QueueState : std::uint8_t { incoming, active, deferred, hold, last = hold };

// The queue directory that Postfix has for it, as listings say it.
constexpr std::string_view name_of(QueueState state) {
    constexpr std::string_view names[] = {"incoming", "active", "deferred", "hold"};
    return names[static_cast<std::size_t>(state)];
}

struct ListedRecipient {
    std::string address;
    std::string reason;  // of the last deferral, or empty
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("address", m.address), f("reason", m.reason);
    }
};

struct ListedMessage {
    std::string queue_id;
    QueueState state;
    std::uint64_t size;
    std::int64_t arrival;  // UTC seconds
    std::string sender;
    bool forced_expire;
    std::vector<ListedRecipient> recipients;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("queue_id", m.queue_id), f("state", m.state), f("size", m.size), f("arrival", m.arrival);
        f("sender", m.sender), f("forced_expire", m.forced_expire), f("recipients", m.recipients);
    }
};

struct QueuePage {
    static constexpr std::string_view name = "queue_page";
    std::vector<ListedMessage> messages;
    std::string next;  // ask again with `after` = this; empty: that was all
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("messages", m.messages), f("next", m.next);
    }
};

struct ListQueue {
    static constexpr std::string_view name = "list_queue";
    using Reply = QueuePage;
    std::string after;    // queue id, empty: from the beginning
    std::uint16_t count;  // messages at most
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("after", m.after), f("count", m.count);
    }
};

enum class QueueVerb : std::uint8_t { flush, hold, release, requeue, remove, expire, last = expire };

// Sets of QueueState, for ChangeQueue: bit 1 << state.
constexpr std::uint8_t bit_of(QueueState state) {
    return static_cast<std::uint8_t>(1u << static_cast<unsigned>(state));
}

struct ChangedMessages {
    static constexpr std::string_view name = "changed_messages";
    std::uint64_t found;           // messages that the order meant
    std::uint64_t count;           // of those, the ones that are not now as they were before
    std::vector<std::string> ids;  // of the latter; none after a flush of all or of a domain
    std::string next;              // ask again with `after` = this; empty: that was all
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("found", m.found), f("count", m.count), f("ids", m.ids), f("next", m.next);
    }
};

// Which messages: by id; by `site`, a recipient's domain, or with an @ in it one recipient's address; or all.
// Those by site and all come in pages.
struct ChangeQueue {
    static constexpr std::string_view name = "change_queue";
    using Reply = ChangedMessages;
    QueueVerb verb;
    std::string queue_id;
    std::string site;
    bool all;
    std::uint8_t queues;  // only messages in these states (bit_of); 0: in any
    std::string after;    // queue id, empty: from the beginning
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("verb", m.verb), f("queue_id", m.queue_id), f("site", m.site), f("all", m.all);
        f("queues", m.queues), f("after", m.after);
    }
};

// What ordinary users may change: one message is tried now, or what waits for a `site` as in ChangeQueue, or
// (both empty) all.
struct FlushQueue {
    static constexpr std::string_view name = "flush_queue";
    using Reply = ChangedMessages;
    std::string queue_id;
    std::string site;
    std::string after;  // queue id, empty: from the beginning
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("queue_id", m.queue_id), f("site", m.site), f("after", m.after);
    }
};

// --- ekicat ---

struct QueuedRecipient {
    std::string address;
    std::string original;  // as the client named it
    std::string orcpt;     // RFC 3461, "rfc822;a@b", or empty
    std::uint8_t notify;   // RFC 3461 bits as in EnvelopeRecipient
    bool done;             // has it, was expanded into others, or its failure was reported
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("address", m.address), f("original", m.original), f("orcpt", m.orcpt), f("notify", m.notify);
        f("done", m.done);
    }
};

struct QueuedMessage {
    static constexpr std::string_view name = "queued_message";
    std::string queue_id;
    QueueState state;
    std::uint64_t size;           // octets in wire form
    std::int64_t arrival;         // UTC microseconds
    std::int64_t created;         // UTC microseconds: when its id was set aside
    std::string sender;           // empty: the null sender
    std::string envelope_id;      // ENVID, or empty
    std::uint8_t return_content;  // RET: 0 not given, 1 headers, 2 full
    bool notice;                  // written by the queue manager itself
    bool forced_expire;
    std::string client_name;
    std::string client_address;
    std::string helo;
    std::string protocol;
    std::string login;
    std::string grant_user;
    std::vector<QueuedRecipient> recipients;
    std::int64_t next_recipient;  // ask again with from_recipient = this; negative: that was all
    std::string content;          // wire form, when it stands in the database (with from_recipient 0)
    OwnedFd file;                 // else: open for reading
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("queue_id", m.queue_id), f("state", m.state), f("size", m.size), f("arrival", m.arrival);
        f("created", m.created), f("sender", m.sender), f("envelope_id", m.envelope_id);
        f("return_content", m.return_content), f("notice", m.notice), f("forced_expire", m.forced_expire);
        f("client_name", m.client_name), f("client_address", m.client_address), f("helo", m.helo);
        f("protocol", m.protocol), f("login", m.login), f("grant_user", m.grant_user);
        f("recipients", m.recipients), f("next_recipient", m.next_recipient), f("content", m.content);
        f("file", m.file);
    }
};

// One message whole, as an operator wants to see it.
struct ReadMessage {
    static constexpr std::string_view name = "read_message";
    using Reply = QueuedMessage;
    std::string queue_id;
    std::int64_t from_recipient;  // its number; 0: from the first, with the content
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("queue_id", m.queue_id), f("from_recipient", m.from_recipient);
    }
};

// --- ekisuper ---

struct QueueFindings {
    static constexpr std::string_view name = "queue_findings";
    std::vector<std::string> lines;  // a sentence each: what was found and what was done about it
    std::uint64_t messages;          // looked at
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("lines", m.lines), f("messages", m.messages);
    }
};

// Looks the spool over, and mends what can be mended.
struct CheckQueue {
    static constexpr std::string_view name = "check_queue";
    using Reply = QueueFindings;
    bool structure;  // the database, and each message with its content
    bool temporary;  // files of messages that never came to be
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("structure", m.structure), f("temporary", m.temporary);
    }
};

}  // namespace ekiden::ipc
