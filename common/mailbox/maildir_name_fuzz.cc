#include <cstdlib>

#include "common/mailbox/maildir_name.h"

// Any file name gives a UIDL of the form of RFC 1939 §7.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string id = ekiden::mailbox::unique_id({reinterpret_cast<const char*>(data), size});
    if (id.empty() || id.size() > 70) std::abort();
    for (char c : id)
        if (c < 0x21 || c > 0x7e) std::abort();
    return 0;
}
