#include <cstdlib>

#include "common/mail/header.h"

// Offsets stay inside the content, and a removed field is gone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view content(reinterpret_cast<const char*>(data), size);
    ekiden::mail::HeaderSummary summary = ekiden::mail::scan_header(content);
    if (summary.fields_end > summary.body_start || summary.body_start > size) std::abort();
    constexpr std::string_view names[] = {"Received", "Bcc"};
    std::string left = ekiden::mail::remove_fields(content, names);
    if (left.size() > size || (summary.received > 0 && left.size() == size)) std::abort();
    return 0;
}
