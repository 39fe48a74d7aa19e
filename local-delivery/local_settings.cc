#include "local-delivery/local_settings.h"

#include <algorithm>
#include <cstdlib>

#include "common/config/bad_parameter.h"
#include "common/config/expand.h"

namespace ekiden::local_delivery {
namespace {

// The answer of a command must come before the manager gives it up.
constexpr Seconds longest_command = std::chrono::hours(3);

template <class To>
To within(std::int64_t value, std::int64_t least, std::int64_t most) {
    return static_cast<To>(std::clamp(value, least, most));
}

std::vector<std::pair<std::string, std::string>> exported(const Settings& settings) {
    std::vector<std::pair<std::string, std::string>> out;
    for (const std::string& item : settings[param::export_environment]) {
        std::size_t equals = item.find('=');
        if (equals != std::string::npos) {
            out.emplace_back(item.substr(0, equals), item.substr(equals + 1));
        } else if (item == "MAIL_CONFIG") {
            // So that a sendmail that the command runs is one of this installation.
            out.emplace_back(item, settings[param::config_directory]);
        } else if (const char* value = std::getenv(item.c_str())) {
            out.emplace_back(item, value);
        }
    }
    return out;
}

}  // namespace

Result<LocalSettings> local_settings(const Settings& settings, bool as_root) {
    LocalSettings local;
    local.accounts.as_root = as_root;
    local.accounts.minimum_uid = within<unsigned>(settings[param::local_minimum_uid], 1, 0xfffffffe);
    local.accounts.default_privs = settings[param::default_privs];
    local.host = settings[param::myhostname];
    local.origin = settings[param::myorigin];
    local.delimiters = settings[param::recipient_delimiter];
    local.forward = {settings[param::forward_path].text, settings[param::forward_expansion_filter]};
    Result<List> paths = config::split_list(local.forward.raw);
    if (!paths) return config::bad_parameter(param::forward_path.name, paths.error());
    local.home_mailbox = settings[param::home_mailbox];
    local.mailbox_command = settings[param::mailbox_command].text;
    local.has_command_maps = !settings[param::mailbox_command_maps].empty();
    local.spool_directory = settings[param::mail_spool_directory];
    while (local.spool_directory.size() > 1 && local.spool_directory.ends_with('/')) {
        local.spool_directory.pop_back();
        local.spool_is_maildirs = true;
    }
    local.size_limit = within<std::uint64_t>(settings[param::mailbox_size_limit], 0, INT64_MAX);
    Result<mailbox::MboxLocking> locking = mailbox::mbox_locking(settings, param::mailbox_delivery_lock);
    if (!locking) return pass(locking);
    local.locking = *locking;
    local.flush = settings[param::maildir_fsync];
    local.commands_allowed_in = settings[param::allow_mail_to_commands];
    local.files_allowed_in = settings[param::allow_mail_to_files];
    local.command_time = std::clamp(settings[param::command_time_limit], Seconds(1), longest_command);
    local.command_filter = settings[param::command_expansion_filter];
    local.command_directory = settings[param::queue_directory];
    local.exported = exported(settings);
    local.most_commands = within<std::size_t>(settings[param::default_process_limit], 1, 100'000);
    return local;
}

}  // namespace ekiden::local_delivery
