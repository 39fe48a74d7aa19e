#pragma once
// smtpd, submission, manager → router: what is this address, and where does its mail go? pickup → router: who
// is that user?
#include "common/ipc/wire.h"

namespace ekiden::ipc {

// Postfix's address classes (ADDRESS_CLASS_README).
enum class AddressClass : std::uint8_t {
    local,            // mydestination, inet_interfaces
    virtual_alias,    // virtual_alias_domains
    virtual_mailbox,  // virtual_mailbox_domains, the accounts' domains
    relay,            // relay_domains
    remote,           // none of ours
    last = remote,
};

struct RecipientVerdict {
    static constexpr std::string_view name = "recipient_verdict";
    AddressClass address_class;
    bool known;          // in our classes: the recipient exists (or the class has no list)
    std::uint16_t code;  // SMTP reply when not known: 550, or 450 where unknown_*_reject_code says
    std::string text;    // "5.1.1 <a@b>: Recipient address rejected: User unknown in virtual mailbox table"
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("address_class", m.address_class), f("known", m.known), f("code", m.code), f("text", m.text);
    }
};

struct VerifyRecipient {
    static constexpr std::string_view name = "verify_recipient";
    using Reply = RecipientVerdict;
    std::string recipient;  // local@domain as printed by mail/address.h
    std::string sender;     // empty: the null sender
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("recipient", m.recipient), f("sender", m.sender);
    }
};

enum class Transport : std::uint8_t {
    virtual_mailbox,  // local-delivery into a virtual user's Maildir
    local,            // local-delivery for a system user
    smtp,             // relay; next_hop is a domain, [host], or either with :port
    lmtp,
    discard,
    error,  // bounce with `text` ("5.1.1 User unknown")
    retry,  // defer with `text`
    last = retry,
};

// What a recipient of the transport `local` is. Only the expansion of an alias or of a .forward file makes
// commands, files and includes: no address that comes from outside means one.
enum class Destination : std::uint8_t {
    address,       // to be resolved; the other kinds are final
    user,          // a system user: .forward first, then the mailbox
    user_mailbox,  // the same without .forward: "\\name", or the user's own name in it
    command,       // `target` is a command line
    file,          // `target` is the path of an mbox, or of a Maildir where it ends in /
    include,       // `target` is the path of a list of destinations
    forward_file,  // a system user's .forward alone: the mailbox is no business of this transport
    last = forward_file,
};

struct ResolvedRecipient {
    std::uint32_t index;  // of the address in the question that it came from
    std::string address;  // after aliases; of a command, file or include: the alias that names it
    Transport transport;
    std::string next_hop;
    std::string mailbox;  // virtual_mailbox: path below virtual_mailbox_base, "domain/user/"
    std::uint32_t uid;    // virtual_mailbox, local: whose mailbox
    std::uint32_t gid;
    std::uint64_t quota;  // bytes of mail the mailbox may hold; 0: no limit
    std::string text;     // error and retry: "5.1.1 text"
    Destination destination;
    std::string target;  // of a command, file or include
    std::string user;    // whose mailbox, or with whose rights; empty: default_privs
    // Of a user or user_mailbox: what mailbox_command_maps has for him; empty: as main.cf says.
    std::string command;
    // Found in aliases(5): it goes on as a message of its own, that says so (Delivered-To), from `sender`.
    bool forwarded;
    std::string sender;  // of that message: the list's owner, or the one in the question
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("index", m.index), f("address", m.address), f("transport", m.transport), f("next_hop", m.next_hop);
        f("mailbox", m.mailbox), f("uid", m.uid), f("gid", m.gid), f("quota", m.quota), f("text", m.text);
        f("destination", m.destination), f("target", m.target), f("user", m.user);
        f("command", m.command), f("forwarded", m.forwarded), f("sender", m.sender);
    }
};

struct Resolution {
    static constexpr std::string_view name = "resolution";
    std::vector<ResolvedRecipient>
        recipients;  // duplicates removed; at least one for each question's address
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("recipients", m.recipients);
    }
};

struct ResolveRecipients {
    static constexpr std::string_view name = "resolve_recipients";
    using Reply = Resolution;
    std::string sender;
    std::vector<std::string> recipients;
    std::vector<std::string> delivered_to;  // aliases and users that the message has been through: a loop
    // Places in `recipients` whose aliases and .forward were looked at already: a user_mailbox.
    std::vector<std::uint32_t> mailboxes = {};
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("sender", m.sender), f("recipients", m.recipients), f("delivered_to", m.delivered_to);
        f("mailboxes", m.mailboxes);
    }
};

struct TableAnswer {
    static constexpr std::string_view name = "table_answer";
    bool found;
    std::string value;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("found", m.found), f("value", m.value);
    }
};

// For workers that may open no files: the router looks up in tables named in the configuration, no others.
struct LookUpTable {
    static constexpr std::string_view name = "look_up_table";
    using Reply = TableAnswer;
    std::string table;  // "hash:/etc/ekiden/access"
    std::string key;
    // A part of what is looked for, or a parent domain: a table of patterns, which has seen the whole, is not
    // asked for it.
    bool part = false;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("table", m.table), f("key", m.key), f("part", m.part);
    }
};

// Tables of addresses, asked as virtual(5) says: with and without the extension, for a domain of this host
// also the bare user, at last the domain; each form in all tables before the next.
struct LookUpAddress {
    static constexpr std::string_view name = "look_up_address";
    using Reply = TableAnswer;
    std::vector<std::string> tables;
    std::string address;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("tables", m.tables), f("address", m.address);
    }
};

// --- pickup ---

struct UserName {
    static constexpr std::string_view name = "user_name";
    std::string login;  // empty: the password database has nobody with that number
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("login", m.login);
    }
};

// Which user of this host is that?
struct FindUserName {
    static constexpr std::string_view name = "find_user_name";
    using Reply = UserName;
    std::uint32_t uid;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("uid", m.uid);
    }
};

}  // namespace ekiden::ipc
