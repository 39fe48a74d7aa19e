#include "common/ipc/wire.h"

namespace ekiden::ipc {
namespace {

void put_u32(std::string& out, std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(value >> shift));
}

std::uint32_t get_u32(std::string_view bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    return value;
}

}  // namespace

std::string encode_header(const FrameHeader& header) {
    std::string out;
    out.reserve(FrameHeader::size);
    put_u32(out, header.length);
    put_u32(out, header.type);
    put_u32(out, header.request);
    out.push_back(static_cast<char>(header.kind));
    out.push_back(static_cast<char>(header.descriptors));
    return out;
}

Result<FrameHeader> decode_header(std::string_view bytes) {
    if (bytes.size() < FrameHeader::size) return malformed("a frame header cut short");
    FrameHeader header{get_u32(bytes), get_u32(bytes.substr(4)), get_u32(bytes.substr(8)),
                       static_cast<FrameKind>(bytes[12]), static_cast<std::uint8_t>(bytes[13])};
    if (header.length > limits::payload) return malformed("a frame over the size limit");
    if (header.descriptors > limits::descriptors) return malformed("too many descriptors in a frame");
    if (header.kind < FrameKind::request || header.kind > FrameKind::last)
        return malformed("an unknown kind of frame");
    return header;
}

void Encoder::put_number(std::uint64_t value) {
    while (value >= 0x80) {
        out_.push_back(static_cast<char>(value | 0x80));
        value >>= 7;
    }
    out_.push_back(static_cast<char>(value));
}

void Encoder::put_string(std::string_view value) {
    put_number(value.size());
    out_.append(value);
}

std::uint64_t Decoder::number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; !failed_; shift += 7) {
        if (bytes_.empty()) {
            fail("cut short");
            break;
        }
        auto octet = static_cast<unsigned char>(bytes_.front());
        bytes_.remove_prefix(1);
        // Ten octets hold 64 bits, the tenth a single one; a number has one form only.
        if (shift == 63 && octet > 1) fail("a number out of range");
        if (octet == 0 && shift > 0) fail("a number in a longer form than needed");
        if (failed_) break;
        value |= static_cast<std::uint64_t>(octet & 0x7f) << shift;
        if (octet < 0x80) return value;
    }
    return 0;
}

std::string_view Decoder::string() {
    std::uint64_t length = number();
    if (failed_) return {};
    if (length > bytes_.size()) {
        fail("a string longer than its message");
        return {};
    }
    std::string_view value = bytes_.substr(0, length);
    bytes_.remove_prefix(length);
    return value;
}

void Decoder::fail(const char* why) {
    if (!failed_) why_ = why;
    failed_ = true;
}

Result<> Decoder::finish() {
    if (!failed_ && !bytes_.empty()) fail("octets after the last field");
    if (!failed_ && next_fd_ != fds_.size()) fail("descriptors after the last field");
    if (failed_) return malformed(why_);
    return {};
}

}  // namespace ekiden::ipc
