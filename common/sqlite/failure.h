#pragma once
// Turns SQLite's last error on a connection into an Error. For this folder only.
#include "common/base/error.h"

struct sqlite3;

namespace ekiden::sqlite {

// A violated constraint or a value that cannot be stored is permanent. All else is temporary, damage and
// programming errors included: mail must not be bounced because the database is ill; an operator can mend it.
std::unexpected<Error> failure_of(sqlite3* handle, const char* doing);

}  // namespace ekiden::sqlite
