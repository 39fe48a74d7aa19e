#pragma once
// What delivery to users of this host takes from main.cf.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/config/settings.h"
#include "common/mailbox/mbox_lock.h"
#include "local-delivery/account.h"
#include "local-delivery/address_parts.h"

namespace ekiden::local_delivery {

struct LocalSettings {
    AccountRules accounts;
    std::string host;               // myhostname, in the names of Maildir files
    std::string origin;             // myorigin, for addresses without a domain
    std::string delimiters;         // recipient_delimiter
    ForwardPath forward;            // forward_path, forward_expansion_filter
    std::string home_mailbox;       // below the home; empty: none
    std::string mailbox_command;    // empty: none
    bool has_command_maps = false;  // mailbox_command_maps, which the router asks
    std::string spool_directory;    // mail_spool_directory, a slash at its end taken off
    bool spool_is_maildirs = false;
    std::uint64_t size_limit = 0;  // mailbox_size_limit
    mailbox::MboxLocking locking;
    bool flush = true;  // maildir_fsync
    List commands_allowed_in, files_allowed_in;
    bool runs_commands() const {
        return !commands_allowed_in.empty() || !mailbox_command.empty() || has_command_maps;
    }

    // For commands.
    Seconds command_time{1000};
    std::string command_filter;                                 // command_expansion_filter
    std::string command_directory;                              // where they run: queue_directory
    std::vector<std::pair<std::string, std::string>> exported;  // export_environment
    std::size_t most_commands = 100;                            // default_process_limit
};

Result<LocalSettings> local_settings(const Settings& settings, bool as_root);

}  // namespace ekiden::local_delivery
