#pragma once
// Delivery of messages into Maildirs: each written under tmp/, flushed, renamed into new/, the directory
// flushed. It runs with the mailbox owner's uid, blocks (call it on a pool thread), and touches nothing above
// the mail root.
//
// What holds after a crash at any instant: new/ has the whole message or nothing of it; a leftover in tmp/ is
// ignored by readers and swept later (maildir.h). The file's base name is fixed by queue id and recipient
// number, so an attempt that is made again finds the earlier copy in new/ or cur/ and delivers nothing.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/mailbox/content.h"
#include "common/mailbox/fate.h"

namespace ekiden::mailbox {

struct MaildirDelivery {
    int mail_root = -1;   // descriptor of virtual_mailbox_base, borrowed
    std::string mailbox;  // path below it, "example.jp/taro/"
    std::string queue_id;
    std::uint32_t recipient = 0;       // number within the message
    std::int64_t arrival_seconds = 0;  // UTC; part of the name
    std::string host;                  // myhostname; part of the name
    std::string added_header;          // Return-Path, Delivered-To …, wire form
    Content content;                   // wire form
    std::uint64_t content_size = 0;    // octets of it
    std::uint64_t size_limit = 0;      // virtual_mailbox_limit: octets of one message; 0: none
    std::uint64_t quota = 0;           // octets of the whole Maildir; 0: none
    bool first_attempt = false;        // sure that no earlier attempt was made: do not look for its copy
    bool flush = true;                 // maildir_fsync
};

struct MaildirOutcome {
    Fate fate = Fate::deferred;
    std::string dsn;   // "2.0.0", "4.3.1", "5.2.2" (RFC 3463)
    std::string text;  // for log and DSN: "delivered to maildir"
    std::string name;  // of the file in new/; empty when not delivered or found in cur/
    bool found_earlier = false;
};

// One delivery after the other in each step, so that they share flushes; the outcomes stand in the order of
// the orders. Each order stands for itself: the failure of one leaves the others as they are.
std::vector<MaildirOutcome> deliver_all(const std::vector<const MaildirDelivery*>& orders);
MaildirOutcome deliver(const MaildirDelivery& order);

// Refuses what could leave the mail root: absolute, empty, with "." or ".." or control octets, longer than
// 1000 octets.
bool is_safe_mailbox_path(std::string_view path);

}  // namespace ekiden::mailbox
