#include "local-delivery/scope.h"

#include <sys/stat.h>

#include <algorithm>

namespace ekiden::local_delivery {

using Kind = Scope::Kind;

Scope mailboxes_of(unsigned uid, unsigned gid) { return {Kind::mailboxes, uid, gid, "", "", ""}; }

Scope home_of(const Account& account) {
    return {Kind::home, account.uid, account.gid, account.name, account.home, ""};
}

Scope spool_of(const Account& account) {
    return {Kind::spool, account.uid, account.gid, account.name, account.home, ""};
}

Scope beside(Kind kind, const Account& account, const std::string& file) {
    std::string path = file;
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    std::string directory = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
    return {kind, account.uid, account.gid, "", "", directory};
}

std::vector<unsigned> groups_of(const Scope& scope, const LocalSettings& settings) {
    struct stat facts{};
    if (scope.kind != Kind::spool || stat(settings.spool_directory.c_str(), &facts) != 0) return {};
    bool needed = (facts.st_mode & S_IWGRP) != 0 && facts.st_gid != 0 && facts.st_gid != scope.gid;
    return needed ? std::vector<unsigned>{facts.st_gid} : std::vector<unsigned>();
}

Reach::Reach(const Scope& scope, const LocalSettings& settings) {
    auto take = [this](const std::string& path, std::vector<std::string>& where) {
        Seen now = look(path);
        seen_.push_back(now);
        if (now.inode != 0) where.push_back(path);
    };
    switch (scope.kind) {
        case Kind::mailboxes: break;  // virtual_mailbox_base is its process's own business
        case Kind::home:
            take(scope.home, write_);
            for (const std::string& directory : forward_directories(settings.forward, scope.account()))
                take(directory, read_);
            break;
        case Kind::spool: take(settings.spool_directory, write_); break;
        case Kind::file: take(scope.directory, write_); break;
        case Kind::list: take(scope.directory, read_); break;
    }
}

bool Reach::still_holds() const {
    return std::ranges::all_of(seen_, [](const Seen& seen) { return look(seen.path) == seen; });
}

Reach::Seen Reach::look(const std::string& path) {
    struct stat facts{};
    if (path.empty() || stat(path.c_str(), &facts) != 0) return {path, 0, 0};
    return {path, facts.st_dev, facts.st_ino};
}

}  // namespace ekiden::local_delivery
