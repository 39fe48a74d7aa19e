#include "common/dns/wire_reader.h"

#include "common/dns/name.h"

namespace ekiden::dns {

std::uint8_t WireReader::u8() {
    if (failed_ || left() < 1) {
        fail();
        return 0;
    }
    return static_cast<std::uint8_t>(message_[position_++]);
}

std::uint16_t WireReader::u16() {
    const std::uint8_t high = u8();
    const std::uint8_t low = u8();
    return static_cast<std::uint16_t>(high << 8U | low);
}

std::uint32_t WireReader::u32() {
    const std::uint32_t high = u16();
    const std::uint32_t low = u16();
    return high << 16U | low;
}

std::string_view WireReader::octets(std::size_t length) {
    if (failed_ || left() < length) {
        fail();
        return {};
    }
    std::string_view taken = message_.substr(position_, length);
    position_ += length;
    return taken;
}

std::string WireReader::name() {
    std::string name;
    std::size_t at = position_;
    std::size_t wire_length = 1;
    // Each pointer must lead to before the place where the labels it ends began: the walk goes strictly
    // backwards.
    std::size_t segment = at;
    bool jumped = false;
    while (!failed_) {
        if (at >= message_.size()) break;
        const std::size_t length = static_cast<std::uint8_t>(message_[at]);
        if (length == 0) {
            if (!jumped) position_ = at + 1;
            return name;
        }
        if ((length & 0xc0U) == 0xc0U) {
            if (at + 1 >= message_.size()) break;
            const std::size_t target = (length & 0x3fU) << 8U | static_cast<std::uint8_t>(message_[at + 1]);
            if (target >= segment) break;
            if (!jumped) position_ = at + 2;
            jumped = true;
            at = segment = target;
            continue;
        }
        wire_length += length + 1;
        if (length > label_limit || wire_length > wire_name_limit || at + 1 + length > message_.size()) break;
        append_label(name, message_.substr(at + 1, length));
        at += 1 + length;
    }
    fail();
    return {};
}

}  // namespace ekiden::dns
