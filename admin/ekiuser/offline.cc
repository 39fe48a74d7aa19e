#include "admin/ekiuser/offline.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "common/accounts/directory.h"
#include "common/base/owned_fd.h"
#include "common/process/users.h"
#include "common/sasl/random.h"

namespace ekiden::ekiuser {
namespace {

Result<> publish(accounts::Accounts& accounts, const std::string& path) {
    std::filesystem::path file(path);
    OwnedFd directory(open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return system_error("cannot open " + file.parent_path().string(), errno);
    Result<std::string> image = accounts::directory_image(accounts, system_clock().wall_seconds());
    if (!image) return pass(image);
    return accounts::replace_file(directory.get(), file.filename().string(), *image, 0644);
}

}  // namespace

Result<accounts::CommandResult> run_offline(const Settings& settings, const std::vector<std::string>& words,
                                            const std::optional<Secret>& password) {
    const std::string& directory = settings[param::data_directory];
    Result<> became = process::become_owner_of("data_directory", directory);
    if (!became) return pass(became);
    sasl::initialize();
    Result<accounts::Accounts> accounts =
        accounts::Accounts::open(settings[param::accounts_database], sqlite::Access::create, system_clock());
    if (!accounts) return pass(accounts);
    Result<sasl::SealingKey> key = sasl::SealingKey::load_or_create(directory + "/accounts.key");
    if (!key) return pass(key);
    accounts::Commands commands(*accounts, *key, accounts::CommandPolicy::from(settings));
    accounts::CommandResult done = commands.run(words, password ? &*password : nullptr);
    if (done.changed) {
        // authd publishes at its start anyway.
        Result<> published = publish(*accounts, settings[param::directory_database]);
        if (!published) done.lines.push_back("warning: " + published.error().text);
    }
    return done;
}

}  // namespace ekiden::ekiuser
