#pragma once
// The text that tables are built from: `key value` lines for ekimap, `name: value` lines for ekialias
// (aliases(5)).
#include "admin/ekimap/options.h"
#include "common/config/finding.h"
#include "common/tables/text_entries.h"

namespace ekiden::ekimap {

// All entries in order, duplicates included; a finding for each line that is none or that deserves a word.
// With -F the files that values name are read and stand there in base64.
std::vector<tables::TextEntry> source_entries(const Options& options, std::string_view content,
                                              const std::string& file,
                                              std::vector<config::Finding>& findings);

// The contents of the files that a value names, with a line end between (-F).
Result<std::string> content_of_files(std::string_view value);

}  // namespace ekiden::ekimap
