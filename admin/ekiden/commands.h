#pragma once
// The verbs of `ekiden`. Each takes the configuration directory, prints for people and returns the exit
// status.
#include <string>

namespace ekiden::admin {

int check(const std::string& directory);
int start(const std::string& directory);
int start_in_foreground(const std::string& directory);
int stop(const std::string& directory);
int reload(const std::string& directory);
int status(const std::string& directory);

}  // namespace ekiden::admin
