#pragma once
// What master was started with.
#include <string>

namespace ekiden::master {

inline constexpr std::string_view version = "0.1.0";

struct Options {
    std::string config_directory = "/etc/ekiden";
    int ready_fd = -1;  // where "ready\n" or what went wrong is told to the one who started us
    bool foreground = false;
};

}  // namespace ekiden::master
