#pragma once
// What a .forward file or an :include: list says: destinations on lines, with `#` comments and continuation
// lines, in the form of aliases(5) (common/mail/alias.h). And reading such a file, with all that speaks
// against believing it.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/mail/alias.h"

namespace ekiden::local_delivery {

namespace limits {
inline constexpr std::size_t destination_file = 1024 * 1024;  // octets
}  // namespace limits

// Nothing where the file has no destination at all. Malformed: the line's number and what is wrong there.
Result<std::vector<mail::AliasTarget>> parse_destinations(std::string_view content);

struct FileOrTrouble {
    std::optional<std::string> content;  // nothing: there is no such file, or it is not to be believed
    std::string ignored;                 // then why, where it is there
};

// A regular file of root or of `owner`, that not everybody may write to. An error: nobody knows now what it
// says.
Result<FileOrTrouble> read_forward(const std::string& path, unsigned owner);
// A list that an alias names: whoever owns it, regular, readable. not_found, denied (no permission), or
// malformed where it is no such file.
Result<std::string> read_list(const std::string& path);

}  // namespace ekiden::local_delivery
