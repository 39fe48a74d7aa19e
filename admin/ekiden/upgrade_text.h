#pragma once
// What `ekiden upgrade-configuration` makes of main.cf and master.cf, as text: lines that are not meant keep
// every character. What is up to date comes back as it is, so that a second upgrade changes nothing.
#include <string>
#include <string_view>
#include <vector>

#include "common/config/settings.h"

namespace ekiden::admin {

struct Upgraded {
    std::string content;
    std::vector<std::string> changes;  // a sentence each; none: nothing is to be done
};

// Parameters under their former names get those of today, in their place; where the new one is set already
// the old one is made a comment.
Upgraded upgrade_main_cf(std::string_view content);

// Services that Postfix has and Ekiden calls otherwise get Ekiden's program, those that are not needed become
// comments, and those that Ekiden needs and that are missing are appended. `settings` are those of main.cf:
// some services are needed with some of them only.
Upgraded upgrade_master_cf(std::string_view content, const Settings& settings);

}  // namespace ekiden::admin
