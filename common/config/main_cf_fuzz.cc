// main.cf: reading never fails hard, an edit keeps every other parameter, and expansion of what was read
// ends.
#include "common/config/main_cf.h"

#include <cstdlib>

#include "common/config/main_cf_edit.h"

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
    auto values_after = [&](config::EditKind kind) {
        std::vector<config::Finding> again;
        std::string edited = config::edit_main_cf(content, kind, {{"message_size_limit", "5"}}).content;
        return config::MainCf::parse(edited, "main.cf", again).values();
    };
    values["message_size_limit"] = "5";
    if (values_after(config::EditKind::set) != values) std::abort();
    values.erase("message_size_limit");
    if (values_after(config::EditKind::remove) != values) std::abort();
    if (values_after(config::EditKind::comment_out) != values) std::abort();
    return 0;
}
