#pragma once
// manager → local-delivery, manager → relay: deliver these recipients of a message.
#include "common/ipc/messages/queue.h"
#include "common/ipc/messages/router.h"

namespace ekiden::ipc {

struct DeliveryRecipient {
    std::uint32_t
        index;  // the recipient's number within the message: with the queue id it names the delivery
    std::string address;
    std::string original;  // the envelope recipient as first given, for orig_to= and X-Original-To
    std::string mailbox;   // local-delivery: path below virtual_mailbox_base
    std::uint32_t uid;
    std::uint32_t gid;
    std::uint64_t quota;                             // bytes, 0: none
    Destination destination = Destination::address;  // local-delivery; `address`: a virtual mailbox
    // Of a command, file or include; of a user's mailbox: the command that gets the mail in its stead.
    std::string target = {};
    std::string user = {};  // the system user; empty: the suite's default_privs
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("index", m.index), f("address", m.address), f("original", m.original), f("mailbox", m.mailbox);
        f("uid", m.uid), f("gid", m.gid), f("quota", m.quota);
        f("destination", m.destination), f("target", m.target), f("user", m.user);
    }
};

enum class DeliveryStatus : std::uint8_t {
    sent,
    deferred,
    bounced,
    expanded,  // a .forward or :include: file names others: `expansion`
    last = expanded,
};

// What a user's .forward or an :include: file names. Commands, files and includes get the rights of the
// recipient that they came from, whatever the deliverer says.
struct ExpandedTarget {
    Destination destination;  // address, user_mailbox, command, file or include
    std::string text;         // the address (perhaps without a domain), command line or path
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("destination", m.destination), f("text", m.text);
    }
};

struct RecipientOutcome {
    std::uint32_t index;
    DeliveryStatus status;
    std::string dsn;    // "2.0.0"
    std::string text;   // "delivered to maildir", "host mx[ip] said: 550 … (in reply to RCPT TO command)"
    std::string relay;  // "mx.example[192.0.2.1]:25", "virtual", "none"
    std::string remote_mta;    // DSN's Remote-MTA, or empty
    std::string remote_reply;  // the remote end's own reply, "550 5.1.1 no such user", or empty
    bool host_dead;            // the destination did not answer at all: no need to try its other mail now
    std::vector<ExpandedTarget> expansion;  // with `expanded`
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("index", m.index), f("status", m.status), f("dsn", m.dsn), f("text", m.text), f("relay", m.relay);
        f("remote_mta", m.remote_mta), f("remote_reply", m.remote_reply), f("host_dead", m.host_dead);
        f("expansion", m.expansion);
    }
};

struct DeliveryOutcome {
    static constexpr std::string_view name = "delivery_outcome";
    std::vector<RecipientOutcome> recipients;  // one for each recipient asked for, any order
    // For delays=a/b/c/d: microseconds of the connection's set-up and of the transmission.
    std::uint64_t setup_us;
    std::uint64_t transmission_us;
    std::uint32_t connection_use;  // how many messages this connection carried, 0: none
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("recipients", m.recipients), f("setup_us", m.setup_us), f("transmission_us", m.transmission_us);
        f("connection_use", m.connection_use);
    }
};

// One delivery: one next hop, one or more recipients (local-delivery: exactly one).
struct Deliver {
    static constexpr std::string_view name = "deliver";
    using Reply = DeliveryOutcome;
    std::string queue_id;
    std::string sender;
    std::string next_hop;  // relay: domain, [host], either with :port; empty for local-delivery
    bool lmtp;
    std::vector<DeliveryRecipient> recipients;
    std::int64_t arrival;  // UTC microseconds
    ContentNotes notes;
    std::string content;  // wire form, when it was kept inline
    OwnedFd file;         // else: open for reading (pread; the offset is shared)
    // True only when no attempt can have been made before, not even one that a crash hid: then local-delivery
    // need not look for its copy.
    bool first_attempt;
    // Nothing is to be delivered, and there is no content: say what would be done. `sent` then means that the
    // recipient is deliverable; `deferred` and `bounced` that it is not.
    bool probe = false;
    // What a command hears of the message in its environment; local-delivery only.
    std::string envelope_id;
    std::string client_name;
    std::string client_address;
    std::string helo;
    std::string protocol;
    std::string login;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("queue_id", m.queue_id), f("sender", m.sender), f("next_hop", m.next_hop), f("lmtp", m.lmtp);
        f("recipients", m.recipients), f("arrival", m.arrival), f("notes", m.notes), f("content", m.content);
        f("file", m.file), f("first_attempt", m.first_attempt), f("probe", m.probe);
        f("envelope_id", m.envelope_id), f("client_name", m.client_name);
        f("client_address", m.client_address), f("helo", m.helo), f("protocol", m.protocol);
        f("login", m.login);
    }
};

}  // namespace ekiden::ipc
