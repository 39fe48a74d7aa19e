#include <cstdlib>

#include "common/pop3/command.h"
#include "common/text/ascii.h"

// A line that is understood begins with the keyword it was understood as.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view line(reinterpret_cast<const char*>(data), size);
    auto command = ekiden::pop3::parse(line);
    if (command && !ekiden::text::starts_with_ignoring_case(line, ekiden::pop3::keyword(*command)))
        std::abort();
    return 0;
}
