#include "authd/storage.h"

#include <fcntl.h>

#include <cerrno>
#include <filesystem>

#include "common/accounts/directory.h"
#include "common/log/events.h"

namespace ekiden::authd {

Result<std::shared_ptr<Storage>> Storage::open(const Options& options, const Clock& clock) {
    Result<accounts::Accounts> writer =
        accounts::Accounts::open(options.accounts_database, sqlite::Access::create, clock);
    if (!writer) return pass(writer);
    Result<accounts::Accounts> reader =
        accounts::Accounts::open(options.accounts_database, sqlite::Access::read_only, clock);
    if (!reader) return pass(reader);
    Result<SqliteGrantStore> grants = SqliteGrantStore::open(options.state_directory + "/grants.db");
    if (!grants) return pass(grants);
    Result<sasl::SealingKey> key =
        sasl::SealingKey::load_or_create(options.state_directory + "/accounts.key");
    if (!key) return pass(key);
    std::filesystem::path published(options.directory_database);
    std::string folder = published.parent_path().string();
    OwnedFd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return system_error("cannot open " + folder, errno);
    return std::make_shared<Storage>(Storage{std::move(*reader), std::move(*writer), std::move(*grants),
                                             std::move(*key), std::move(directory),
                                             published.filename().string()});
}

Result<> Storage::publish(const Clock& clock) {
    Result<std::string> image = accounts::directory_image(writer, clock.wall_seconds());
    if (!image) return pass(image);
    return accounts::replace_file(directory.get(), directory_name, *image, 0644);
}

GrantSaver::GrantSaver(event::Loop& loop, event::Offload& thread, std::shared_ptr<Storage> storage,
                       Grants& grants)
    : loop_(loop),
      thread_(thread),
      storage_(std::move(storage)),
      grants_(grants),
      saved_(loop),
      gate_(loop) {}

void GrantSaver::start() {
    if (saving_ || !grants_.has_changes()) return;
    saving_ = true;
    gate_.spawn(save_all());
}

Task<Result<>> GrantSaver::settle() {
    std::uint64_t mine = ++asked_;
    if (!saving_ && !grants_.has_changes()) {
        settled_ = mine;
        co_return Result<>();
    }
    start();
    while (settled_ < mine) {
        bool notified = co_await saved_.wait(Seconds(10));
        if (!notified) co_return temporary("the disk does not answer");
    }
    co_return last_;
}

// The task of the gate, not of a login, so that a client who leaves does not stop what others wait for.
Task<> GrantSaver::save_all() {
    while (grants_.has_changes()) {
        std::uint64_t covers = asked_;
        std::vector<GrantChange> changes = grants_.take_changes();
        if (store_is_behind_) {
            changes.clear();
            changes.push_back({GrantChange::Kind::erase_all, {}});
            for (Grant& grant : grants_.list()) changes.push_back({GrantChange::Kind::put, std::move(grant)});
        }
        auto save = [storage = storage_, changes = std::move(changes)] {
            return storage->grants.save(changes);
        };
        Result<> saved = co_await thread_.run(std::move(save));
        store_is_behind_ = !saved;
        if (!saved) log::emit(events::grants_not_kept, saved.error());
        last_ = std::move(saved);
        settled_ = covers;
        saved_.notify_all();
    }
    saving_ = false;
    settled_ = asked_;
    saved_.notify_all();
}

}  // namespace ekiden::authd
