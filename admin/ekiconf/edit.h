#pragma once
// ekiconf -e and -X: main.cf is changed as a whole. At any instant, also after a crash or loss of power,
// main.cf is either the old file or the new one; its owner and mode stay. Two edits at a time exclude each
// other.
#include "admin/ekiconf/options.h"
#include "common/base/error.h"

namespace ekiden::ekiconf {

Result<> edit(const Options& options);

}  // namespace ekiden::ekiconf
