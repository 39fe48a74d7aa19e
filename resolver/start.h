#pragma once
// From the configuration to the options of the look-ups: what is read from files here is read before the
// process is confined.
#include "common/base/error.h"
#include "common/config/settings.h"
#include "resolver/lookup.h"

namespace ekiden::resolver {

// permanent or malformed: a name server that is no address, or no server to ask at all. A trust anchor file
// that is not there switches validation off, with a line in the log.
Result<Options> options_of(const Settings& settings);

}  // namespace ekiden::resolver
