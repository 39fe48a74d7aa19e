#include "sendmail/helper.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sendmail/complain.h"

namespace ekiden::sendmail {

void become(const std::string& directory, const std::vector<std::string>& argv) {
    std::string path = directory + "/" + argv[0];
    std::vector<char*> pointers;
    for (const std::string& word : argv) pointers.push_back(const_cast<char*>(word.c_str()));
    pointers.push_back(nullptr);
    execv(path.c_str(), pointers.data());
    throw Fatal{fmt::format("unable to execute {}: {}", path, strerror(errno))};
}

}  // namespace ekiden::sendmail
