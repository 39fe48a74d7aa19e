#include "common/dns/tlsa.h"

#include "common/dns/wire_reader.h"

namespace ekiden::dns {

Result<TlsaRecord> parse_tlsa(std::string_view rdata) {
    WireReader in(rdata);
    TlsaRecord record;
    record.usage = in.u8();
    record.selector = in.u8();
    record.matching_type = in.u8();
    record.data = in.octets(in.left());
    if (in.failed() || record.data.empty()) return malformed("a TLSA record is too short");
    const std::size_t digest = record.matching_type == 1 ? 32 : record.matching_type == 2 ? 64 : 0;
    if (digest != 0 && record.data.size() != digest) return malformed("a TLSA digest has the wrong length");
    return record;
}

}  // namespace ekiden::dns
