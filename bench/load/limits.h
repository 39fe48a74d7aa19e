#pragma once
// The physical limits that the figures are held against, measured on the same machine in the same run.
#include "bench/load/options.h"

namespace ekiden::load {

// Synced writes of 4 KiB a second in --folder, by 1 and by 16 writers: appended to a file of each writer's
// own, and as a new file each (created, written, synced, removed).
int measure_disk(const Options& options);

// TLS 1.3 handshakes a second of one core, the server's side alone and both sides, with --certificate and
// --key.
int measure_handshakes(const Options& options);

}  // namespace ekiden::load
