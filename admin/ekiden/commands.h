#pragma once
// The verbs of `ekiden`. Each takes the configuration directory, prints for people and returns the exit
// status.
#include <string>
#include <vector>

namespace ekiden::admin {

int check(const std::string& directory);
int start(const std::string& directory);
int start_in_foreground(const std::string& directory);
int stop(const std::string& directory);
int reload(const std::string& directory);
// Ends it at once, without order; the queue on disk is whole all the same.
int abort(const std::string& directory);
// Makes all deferred mail due.
int flush(const std::string& directory);
// Brings main.cf and master.cf of an older version into today's form.
int upgrade_configuration(const std::string& directory);
// Sets maillog_file aside under a name with the time, and has it compressed.
int logrotate(const std::string& directory);
// Gives directories and files of the suite the owners and modes that they should have. Words: name=value of
// parameters that say who owns what, which are written into main.cf, too.
int set_permissions(const std::string& directory, const std::vector<std::string>& words);
// Keys and certificates, and whether TLS is in use: the words behind `tls`.
int tls(const std::string& directory, const std::vector<std::string>& words);
int status(const std::string& directory);

}  // namespace ekiden::admin
