// main.cf: reading never fails hard, an edit keeps every other parameter, and expansion of what was read
// ends.
#include "common/config/main_cf.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden;
    std::string_view content(reinterpret_cast<const char*>(data), size);
    std::vector<config::Finding> findings;
    config::MainCf file = config::MainCf::parse(content, "main.cf", findings);
    std::vector<Problem> problems;
    RawValues values = file.values();
    Settings settings = Settings::lenient(values, {}, problems);
    if (config::has_errors(findings)) return 0;
    for (const config::Finding& finding : findings) format(finding);
    std::string edited = config::edit_main_cf(content, {{"message_size_limit", "5"}});
    std::vector<config::Finding> again;
    RawValues after = config::MainCf::parse(edited, "main.cf", again).values();
    values["message_size_limit"] = "5";
    if (after != values) std::abort();
    return 0;
}
