#pragma once
// What the relay needs of the configuration.
#include "common/smtp/relay_options.h"

namespace ekiden::relay {

using Policy = smtp::RelayOptions;
using smtp::TlsLevel;

}  // namespace ekiden::relay
