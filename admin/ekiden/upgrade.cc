// upgrade-configuration. master.cf first: with the services of today and the main.cf of yesterday a suite
// works as before, so that whatever ends this in between leaves a configuration that is as good as it was.
#include <fmt/format.h>
#include <sysexits.h>

#include <cstdio>

#include "admin/ekiden/commands.h"
#include "admin/ekiden/upgrade_text.h"
#include "common/config/file_edit.h"
#include "common/process/admin_tool.h"

namespace ekiden::admin {
namespace {

int complain(const std::string& text, int status) {
    fmt::print(stderr, "ekiden: fatal: {}\n", text);
    return status;
}

// How many changes were made.
template <class Upgrade>
Result<std::size_t> upgrade_file(const std::string& path, const Upgrade& upgrade) {
    Result<config::FileEdit> file = config::FileEdit::open(path);
    if (!file) return pass(file);
    Upgraded upgraded = upgrade(file->content());
    if (upgraded.changes.empty()) return std::size_t{0};
    if (Result<> replaced = file->replace(upgraded.content); !replaced) return pass(replaced);
    for (const std::string& change : upgraded.changes) fmt::print("{}: {}\n", path, change);
    return upgraded.changes.size();
}

}  // namespace

int upgrade_configuration(const std::string& directory) {
    Result<process::ToolCall> call = process::tool_call({"-c", directory}, nullptr);
    if (!call) return complain(call.error().text, EX_CONFIG);
    Result<std::size_t> master = upgrade_file(directory + "/master.cf", [&](const std::string& content) {
        return upgrade_master_cf(content, call->settings);
    });
    if (!master) return complain(master.error().text, EX_NOPERM);
    Result<std::size_t> main = upgrade_file(directory + "/main.cf", upgrade_main_cf);
    if (!main) return complain(main.error().text, EX_NOPERM);
    if (*master + *main > 0) fmt::print("Look at it by ekiden check; ekiden reload takes it into use.\n");
    return std::fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

}  // namespace ekiden::admin
