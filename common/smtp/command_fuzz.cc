#include <cstdint>
#include <cstdlib>

#include "common/smtp/command.h"

// Every refusal is a proper 5xx of one line, and no command carries an address that does not print and parse
// again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden;
    std::string_view line(reinterpret_cast<const char*>(data), size);
    auto command = smtp::parse(line, {.smtputf8 = size % 2 == 0});
    if (!command) {
        const smtp::Reply& reply = command.error();
        if (!reply.permanent() || reply.text.find_first_of("\r\n") != std::string::npos || !reply.enhanced())
            std::abort();
        return 0;
    }
    const mail::Address* path = nullptr;
    if (const auto* mail = std::get_if<smtp::Mail>(&*command)) path = &mail->path;
    if (const auto* rcpt = std::get_if<smtp::Rcpt>(&*command)) path = &rcpt->path;
    if (path && !path->domain.empty() && mail::parse_mailbox(path->print(), true) != *path) std::abort();
    return 0;
}
