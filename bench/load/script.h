#pragma once
// What a client says in one connection: steps that each send something and then wait for replies. The servers
// see what a good client does: MAIL, RCPT and DATA go in one segment where PIPELINING is announced (both
// sides announce it), everything else waits for its reply.
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/options.h"

namespace ekiden::load {

struct Step {
    enum class Wait {
        smtp,
        line,
        text
    };  // SMTP replies; POP3: one status line; POP3: status and lines up to "."
    enum class After { nothing, handshake, count, hold, message };
    std::string send;
    Wait wait = Wait::smtp;
    std::string wanted;  // the first character of each reply that must come, in order
    After after = After::nothing;
};

using Script = std::vector<Step>;

// One connection that carries `messages` messages; `first` is the number of the first. The step that sends a
// message's content has After::message: the connection puts the stamp and content() there itself.
Script smtp_script(const Options& options, long first, long messages);
// One POP3 session of login `number`: USER, PASS, STAT, UIDL, 2 × RETR, with `remove` 2 × DELE, QUIT.
Script pop3_script(const Options& options, long number);
// A connection that is opened (POP3: logged in) and kept.
Script idle_script(const Options& options, long number);

// A message's content of --size octets behind its stamp, dots stuffed (there are none), with the end of data.
std::string make_content(long size);
// The header that carries the time of sending, from which a sink in the same process computes the delay.
std::string stamp();
inline constexpr std::string_view stamp_name = "X-Sent: ";

}  // namespace ekiden::load
