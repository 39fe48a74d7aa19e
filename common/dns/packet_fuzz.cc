// A whole DNS message from a stranger: whatever comes, every record that is handed out parses within its
// bounds.
#include <cstdint>
#include <cstdlib>

#include "common/dns/answer.h"
#include "common/dns/mx.h"
#include "common/dns/name.h"
#include "common/dns/tlsa.h"
#include "common/dns/wire_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden::dns;
    std::string_view message(reinterpret_cast<const char*>(data), size);
    // The question is taken from the message, so that its answers are reached.
    WireReader in(message);
    in.octets(12);
    Question question{in.name(), static_cast<Type>(in.u16())};
    if (in.failed()) return 0;
    auto answer = parse_message(message, question);
    if (!answer) return 0;
    if (answer->rdata.size() > records_limit) std::abort();
    for (const std::string& rdata : answer->rdata) {
        (void)parse_mx(rdata);
        (void)parse_name(rdata);
        (void)parse_txt(rdata);
        (void)parse_tlsa(rdata);
    }
    auto hosts = order_mail_hosts(
        mx_records(*answer), [](std::string_view name) { return name.size() == 3; },
        [](std::uint32_t below) { return below / 2; });
    for (const auto& group : hosts.groups)
        for (const auto& host : group.hosts)
            if (!is_host_name(host)) std::abort();
    return 0;
}
