#include <cstdint>
#include <cstdlib>

#include "common/mail/address.h"

// Whatever is taken prints to something that parses to the same address.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden;
    std::string_view input(reinterpret_cast<const char*>(data), size);
    text::Cursor cursor(input);
    mail::PathRules rules{
        .allow_null = true, .allow_postmaster = true, .allow_utf8 = true, .require_brackets = false};
    Result<mail::Address> address = mail::parse_path(cursor, rules);
    if (!address) return 0;
    std::string printed = "<" + address->print() + ">";
    text::Cursor again(printed);
    Result<mail::Address> second = mail::parse_path(again, rules);
    if (!second || !again.done() || *second != *address) std::abort();
    return 0;
}
