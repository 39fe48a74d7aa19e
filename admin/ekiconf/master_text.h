#pragma once
// Edits of master.cf as text: services that are not meant keep every character; a service of which a column
// or a parameter changes is printed anew in its columns.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/ekiconf/service_pattern.h"

namespace ekiden::ekiconf {

enum class MasterEdit { set_entry, comment_entry, remove_entry, set_field, set_parameter, remove_parameter };

struct MasterRequest {
    std::string text;  // as given, for messages
    ServicePattern pattern;
    std::string value;                 // of set_…
    std::optional<MasterEntry> entry;  // of set_entry, with what `value` says
    std::size_t field = 0;             // of set_field
    int matches = 0;
};

// The new content; `path` is named in errors. Requests that match no service are warned of, or for set_entry
// appended as new services.
Result<std::string> edit_master_text(std::string_view content, const std::string& path, MasterEdit edit,
                                     std::vector<MasterRequest> requests, Output& output);

}  // namespace ekiden::ekiconf
