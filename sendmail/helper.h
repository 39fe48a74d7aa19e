#pragma once
// Other programs that take sendmail's place.
#include <string>
#include <vector>

namespace ekiden::sendmail {

// Becomes that program of `directory`; its name is what it is called. Throws Fatal where it cannot be run.
[[noreturn]] void become(const std::string& directory, const std::vector<std::string>& argv);

}  // namespace ekiden::sendmail
