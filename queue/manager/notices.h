#pragma once
// What is told to whom of the fate of mail: failure notices, delay warnings and the reports that a local
// sender asked for (RFC 3464, printed by mail/dsn.h) as messages ready for the spool. A notice to a sender
// goes out with the null sender; nothing is ever sent in answer to the null sender, and what fails on its way
// to postmaster ends in the log. Pure: the spool makes a notice durable together with what it reports.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/config/bounce_templates.h"
#include "common/spool/message.h"

namespace ekiden::queue {

struct NoticePolicy {
    std::string hostname;  // myhostname
    std::string mail_name = "Ekiden";
    std::string origin;  // myorigin, for addresses without a domain
    std::string double_bounce_sender = "double-bounce";
    std::string bounce_recipient = "postmaster";         // bounce_notice_recipient
    std::string double_bounce_recipient = "postmaster";  // 2bounce_notice_recipient
    std::string delay_recipient = "postmaster";          // delay_notice_recipient
    bool notify_bounce = false;                          // notify_classes
    bool notify_double_bounce = false;
    bool notify_delay = false;
    std::size_t size_limit = 50'000;  // bounce_size_limit
    config::BounceTexts texts;        // bounce_template_file
};

struct Letter {
    NoticeKind kind = NoticeKind::failure;
    std::string sender;  // empty: the null sender
    std::string recipient;
    bool to_postmaster = false;
    std::vector<const Recipient*> about;
};

// Which notices a failure of `failed` recipients of the message makes: none, one to the sender, one or more
// to postmaster.
std::vector<Letter> letters_of_failure(const NoticePolicy& policy, const StoredMessage& message,
                                       const std::vector<const Recipient*>& failed);
// The same for recipients that still wait after delay_warning_time.
std::vector<Letter> letters_of_delay(const NoticePolicy& policy, const StoredMessage& message,
                                     const std::vector<const Recipient*>& waiting);
// The report of what became of the recipients, or would, where `trace` asks for one: to the sender alone.
std::vector<Letter> letters_of_trace(const NoticePolicy& policy, const StoredMessage& message,
                                     const std::vector<const Recipient*>& recipients);

// Prints one. `original` is the content of the message, or as much as was read of it; `id` is the notice's
// own; `now_us` is its time of arrival (wall microseconds), `will_retry_until` is in seconds.
NewMessage print_letter(const NoticePolicy& policy, const Letter& letter, const StoredMessage& message,
                        std::string_view original, bool original_is_whole, const text::QueueId& id,
                        std::int64_t now_us, std::int64_t will_retry_until);

// What an intake notes about content: sizes, line lengths, 8-bit, Message-ID aside.
void describe(std::string_view content, Envelope& envelope);

}  // namespace ekiden::queue
