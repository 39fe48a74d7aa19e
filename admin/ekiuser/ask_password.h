#pragma once
// Passwords come from a person at a terminal (not echoed) or from a script as one line of standard input;
// never from the command line, which every user of the machine can see.
#include "common/base/error.h"
#include "common/base/secret.h"

namespace ekiden::ekiuser {

// `twice`: a new password, to be typed again. Malformed: the two differ, or there is nothing to read.
Result<Secret> ask_password(int input_fd, bool twice);

}  // namespace ekiden::ekiuser
