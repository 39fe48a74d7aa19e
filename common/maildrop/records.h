#pragma once
// The letters of the records of a maildrop file, in the order in which they may stand; for the writer and the
// reader of this folder.
#include <string_view>

namespace ekiden::maildrop::records {

inline constexpr std::string_view first_line = "EKIDEN-DROP 1\n";
inline constexpr char sender = 's';
inline constexpr char full_name = 'n';
inline constexpr char envelope_id = 'e';
inline constexpr char return_content = 'h';
inline constexpr char body = 'b';
inline constexpr char verp = 'x';
inline constexpr char trace = 't';
inline constexpr char gateway = 'g';
inline constexpr char recipient = 'r';
inline constexpr char content = 'c';
inline constexpr char end = 'z';
// Before the content each letter stands at most once, but for the recipient's.
inline constexpr std::string_view order = "snehbxtgrcz";

}  // namespace ekiden::maildrop::records
