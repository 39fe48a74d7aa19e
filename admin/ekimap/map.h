#pragma once
// What ekimap and ekialias do, apart from their command lines: building indexed tables, asking any table,
// listing, changing. Output is collected, so that tests can look at it.
#include <string>
#include <string_view>

#include "admin/ekimap/options.h"

namespace ekiden::ekimap {

struct Output {
    std::string out;
    std::string err;
    int status = 0;
};

// `input` is what stands on standard input; read only where reads_input() says so. `default_type`: of tables
// that name none.
Output run(const Options& options, const std::string& default_type, std::string_view input);
bool reads_input(const Options& options);

}  // namespace ekiden::ekimap
