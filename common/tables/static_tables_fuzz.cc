// The text tables: no content and no key breaks them. The first line of the input is the key, the rest is the
// file.
#include <cstdlib>

#include "common/tables/cidr.h"
#include "common/tables/pcre.h"
#include "common/tables/regexp.h"
#include "common/tables/simple.h"
#include "common/tables/sqlite_table.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden;
    std::string_view input(reinterpret_cast<const char*>(data), size);
    std::string_view key = input.substr(0, input.find('\n'));
    std::string_view content = input.substr(std::min(key.size() + 1, input.size()));
    std::vector<config::Finding> findings;
    tables::RegexpTable regexp("regexp:x", content, "x", findings);
    if (auto found = regexp.find_now(key); found && *found && (*found)->size() > tables::limits::value)
        std::abort();
    tables::PcreTable pcre("pcre:x", content, "x", findings);
    if (auto found = pcre.find_now(key); found && *found && (*found)->size() > tables::limits::value)
        std::abort();
    tables::CidrTable cidr("cidr:x", content, "x", findings);
    if (auto found = cidr.find_now(key); !found) std::abort();
    tables::make_texthash("texthash:x", content, "x", findings);
    if (auto made = tables::make_inline("inline:x", content); made && key == "\x01") std::abort();
    if (auto query = tables::parse_query(content))
        for (const tables::KeyTemplate& parameter : query->parameters) parameter.fill(key);
    return 0;
}
