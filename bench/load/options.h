#pragma once
// The command line: a mode and --name value pairs. Every option has a default here; unknown ones are refused.
#include <cstdint>
#include <string>
#include <vector>

namespace ekiden::load {

struct Options {
    std::string mode;               // smtp, pop3, idle, sink, disk, handshakes
    std::string protocol = "smtp";  // of idle: smtp, pop3
    std::string address = "127.0.0.1";
    int port = 25;
    int connections = 20;  // at once
    long count = 1000;     // messages, cycles, idle connections, or what a sink waits for
    long each = 1;         // messages a connection
    long size = 4096;      // octets of a message's content
    int sources = 1;       // client addresses used: 127.0.1.1 and so on; 0: the kernel's choice
    std::string from = "sender@load.test";
    std::string to = "user%@load.test";    // % is the number of the message modulo --users
    std::string user = "u%@example.test";  // login; % as above
    std::string password;  // with it SMTP logs in by AUTH PLAIN; without it idle POP3 stays before login
    long users = 1;
    bool tls = false;                // SMTP: STARTTLS; POP3: from the first octet
    bool remove = false;             // POP3: DELE what was read
    bool silent = false;             // sink: accept and never greet
    std::string sink;                // address:port of a sink in the same process
    std::vector<std::string> watch;  // folders in which each message ends as a file
    std::string folder = ".";        // disk: where
    std::string certificate, key;    // handshakes
    int seconds = 300;               // the deadline of the whole run
};

// Exits with 64 and a sentence when the words make no sense.
Options parse_options(int argc, char** argv);

// `pattern` with each % replaced by `number`.
std::string numbered(const std::string& pattern, long number);

}  // namespace ekiden::load
