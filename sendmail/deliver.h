#pragma once
// Handing a message in: the envelope from the command line (and with -t from the header), the content from
// standard input, both to ekidrop, which makes them durable.
#include "common/config/settings.h"
#include "sendmail/options.h"

namespace ekiden::sendmail {

// Returns once the message is on disk. Throws Fatal.
void deliver(const Options& options, const Settings& settings);

}  // namespace ekiden::sendmail
