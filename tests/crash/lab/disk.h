#pragma once
// A disk as the promise of fsync allows it to be: what was flushed is there, what was not may be there, or
// not, or in part, in any order. Fed with the recorded changes one after the other, it gives the states that
// loss of power at that point may leave.
//
// Rules: fsync or fdatasync of a file makes its data and size durable, not its name; fsync of a directory
// makes the names in it durable; each sector of unflushed data may have any of its versions since the last
// flush, and the size any that it had; each name may be as it was after any of its changes since. A rename
// may leave both names, never none. Nothing else is believed: no order between files, nor between data and
// names.
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace ekiden::crash {

using Inode = std::uint64_t;

// A recorded change.
struct Change {
    enum class What : std::uint8_t {
        make,    // inode (a file, empty; a directory where `offset` is 1)
        write,   // inode, offset, data
        resize,  // inode, offset: the new size
        flush,   // inode: file or directory
        enter,   // directory, name, inode
        remove,  // directory, name
        rename,  // directory, name -> inode (the target directory), data (the target name)
        report,  // data: a line of the ledger
    };
    What what = What::report;
    Inode inode = 0;
    Inode directory = 0;
    std::string name{};
    std::int64_t offset = 0;
    std::string data{};
};

// What a file system holds: paths below the root, directories with a slash at the end.
using Image = std::map<std::string, std::string>;

// Which of the unflushed changes are there.
struct Loss {
    enum class Part : std::uint8_t { none, all, random };
    Part data = Part::none;
    Part names = Part::none;
    bool torn = false;         // of the last write only the first half of its sectors
    std::size_t sector = 512;  // with random
    double chance = 0.5;       // that something unflushed is there, with random
    bool garbage = false;      // sectors within the size that were never written hold anything, not zeros
};

class Disk {
  public:
    // An existing directory, by the path that it has in images ("spool/").
    void add_root(const std::string& path, Inode inode);
    void apply(const Change& change);
    Image image(const Loss& loss, std::mt19937_64& random) const;

  private:
    struct Write {
        bool resize = false;
        std::int64_t offset = 0;
        std::string data;
    };
    struct Name {
        std::size_t order = 0;  // among all changes of names
        std::string name;
        Inode inode = 0;        // 0: removed
        std::size_t after = 0;  // the `order` of the change without which this one cannot be
    };
    struct Node {
        bool directory = false;
        std::string durable;                 // data of a file
        std::vector<Write> unflushed;        // changes of it since
        std::map<std::string, Inode> names;  // durable, of a directory
        std::vector<Name> changes;           // of it since
    };
    using Names = std::map<Inode, std::map<std::string, Inode>>;

    void change_name(Inode directory, Name change);
    void flush(Node& node);
    void settle_rename(std::size_t order);
    std::string file(const Node& node, const Loss& loss, std::mt19937_64& random) const;
    static std::string at_random(const Node& node, const Loss& loss, std::mt19937_64& random);
    Names names(const Loss& loss, std::mt19937_64& random) const;

    std::map<Inode, Node> nodes_;
    std::map<std::string, Inode> roots_;
    std::size_t order_ = 0;
    Inode last_written_ = 0;  // by the last change, if it was a write
};

}  // namespace ekiden::crash
