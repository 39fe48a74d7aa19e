// Edits of master.cf: whatever stands there and whatever is asked, the other services stay as they are.
#include "admin/ekiconf/master_text.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden::ekiconf;
    std::string content(reinterpret_cast<const char*>(data), size);
    if (content.find('\0') != std::string::npos) return 0;
    Output output;
    std::vector<MasterEntry> before = parse_master(content, "master.cf", output);
    if (output.status != 0) return 0;
    MasterRequest request;
    request.pattern = {"fuzz", "inet", "relayhost"};
    request.value = "x";
    for (MasterEdit edit :
         {MasterEdit::set_parameter, MasterEdit::remove_parameter, MasterEdit::remove_entry}) {
        auto edited = edit_master_text(content, "master.cf", edit, {request}, output);
        if (!edited) continue;
        std::vector<MasterEntry> after = parse_master(*edited, "master.cf", output);
        if (output.status != 0) std::abort();
        auto is_ours = [](const MasterEntry& entry) {
            return entry.name() == "fuzz" && entry.type() == "inet";
        };
        auto others = before;
        std::erase_if(others, is_ours);
        std::erase_if(after, is_ours);
        if (others.size() != after.size()) std::abort();
        for (std::size_t i = 0; i < others.size(); ++i)
            if (others[i].words != after[i].words) std::abort();
    }
    return 0;
}
