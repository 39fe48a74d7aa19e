#pragma once
// The command line of ekipop: what the tool refuses before it asks anybody is what authd would refuse.
#include <string>
#include <vector>

namespace ekiden::accounts {

// How ekipop is used; one line a verb.
std::vector<std::string> grants_usage();
// A verb with as many arguments as it takes.
bool is_grants_command(const std::vector<std::string>& words);

}  // namespace ekiden::accounts
