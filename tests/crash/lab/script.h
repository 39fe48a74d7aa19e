#pragma once
// What a scenario plays: messages of all kinds, in groups that arrive at the same time, and what an operator
// does to some of them. Made from a seed; the first messages are one of each kind, so that every scenario has
// them all.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ekiden::crash {

enum class Way {
    in_commit,      // content inside the commit message, kept in the database
    in_commit_big,  // the same, but large: the spool makes a file of it
    by_file,        // the receiver writes it into a file that the manager opened
};

enum class Deed { nothing, hold, hold_and_release, hold_and_remove, requeue };

struct Mail {
    std::string mark;  // in its header; names it in the ledger
    Way way = Way::in_commit;
    std::size_t size = 0;                 // octets, about
    std::vector<std::string> recipients;  // local parts, see fates_of()
    Deed deed = Deed::nothing;            // only where somebody waits for the second attempt
};

struct Script {
    // Groups before the queue is closed and opened again, and after it.
    std::vector<std::vector<Mail>> first, second;
};

// `extra`: messages at random beyond one of each kind.
Script make_script(std::uint64_t seed, int extra);

// The content in wire form; a mark and a size always give the same.
std::string content_of(std::string_view mark, std::size_t size);
// The content that belongs to this beginning, or nothing when it is not ours.
std::string mark_in(std::string_view text);

// An addressee: where a copy of mail to this name has to be found in the end, as the ledger says it.
std::string address_of(std::string_view name);
// Its mailbox is one file.
inline bool has_mbox(std::string_view name) { return name == "moss"; }
// "alice=local", "bounce=bounced": for an alias, those that it stands for.
std::string fates_of(const std::vector<std::string>& names);
// Those behind an alias; the name itself when it is none.
std::vector<std::string> behind(std::string_view name);

inline constexpr std::string_view sender = "sender@example.jp";

}  // namespace ekiden::crash
