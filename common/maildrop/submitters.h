#pragma once
// authorized_submit_users: who may hand in mail by sendmail. Asked by sendmail, so that it can say so nicely,
// and by ekidrop, which decides.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"

namespace ekiden::maildrop {

// Items are tried in order and the first that matches decides; where none does the answer is no. An item is a
// user's name, static:anything (everybody), or /file with further items; !item turns it round. `read` gives
// the content of a file. Errors: an item of another kind (ekidrop opens no tables), a file that cannot be
// read.
Result<bool> may_submit(const std::vector<std::string>& items, std::string_view user,
                        const std::function<Result<std::string>(const std::string&)>& read);

}  // namespace ekiden::maildrop
