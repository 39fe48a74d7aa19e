#pragma once
// Which parameter of main.cf is to blame when another one, left at its default, cannot be used.
#include <string>

#include "common/config/expand.h"
#include "common/config/settings.h"

namespace ekiden::config {

// `parameter` itself where `set` has it, else the first set one that its default refers to, also through
// other defaults; itself again where there is none.
std::string cause_of(const std::string& parameter, const RawValues& set);

}  // namespace ekiden::config
