#pragma once
// What a delivery process is there for: who it becomes, which part of the file system it can reach, and so
// which deliveries may share it.
#include <compare>
#include <string>
#include <vector>

#include "local-delivery/local_settings.h"

namespace ekiden::local_delivery {

struct Scope {
    enum class Kind {
        mailboxes,  // of virtual users, below virtual_mailbox_base
        home,       // a user's .forward, and a mailbox below the home
        spool,      // a user's mailbox in mail_spool_directory; nothing is parsed here
        file,       // files that aliases name, in `directory`
        list,       // :include: files, in `directory`
    };
    Kind kind = Kind::mailboxes;
    unsigned uid = 0, gid = 0;
    std::string name, home;  // home, spool: the user's
    std::string directory;   // file, list

    auto operator<=>(const Scope&) const = default;
    Account account() const { return {name, uid, gid, home, "", false}; }
};

Scope mailboxes_of(unsigned uid, unsigned gid);
Scope home_of(const Account& account);
Scope spool_of(const Account& account);
// The directory of the file, with a slash at the file's end taken off.
Scope beside(Scope::Kind kind, const Account& account, const std::string& file);

// The groups that a process of this scope has beside its own: a spool directory that a group may write to
// needs that group for its lock files.
std::vector<unsigned> groups_of(const Scope& scope, const LocalSettings& settings);

// The directories that such a process may reach, as they are now; missing ones are left out.
class Reach {
  public:
    Reach(const Scope& scope, const LocalSettings& settings);
    const std::vector<std::string>& writable() const { return write_; }
    const std::vector<std::string>& readable() const { return read_; }
    // Nothing was made, mounted or replaced there since: what is confined to the old places would see
    // nothing of it.
    bool still_holds() const;

  private:
    struct Seen {
        std::string path;
        unsigned long device = 0, inode = 0;  // 0: it was not there
        bool operator==(const Seen&) const = default;
    };
    static Seen look(const std::string& path);
    std::vector<Seen> seen_;
    std::vector<std::string> write_, read_;
};

}  // namespace ekiden::local_delivery
