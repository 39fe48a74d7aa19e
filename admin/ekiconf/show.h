#pragma once
// What ekiconf prints: parameters, services and table types, in postconf's forms.
#include <string>

#include "admin/ekiconf/options.h"

namespace ekiden::ekiconf {

struct Output {
    std::string out;
    std::string err;
    int status = 0;
};

// Modes show, services and table_types.
Output show(const Options& options);

}  // namespace ekiden::ekiconf
