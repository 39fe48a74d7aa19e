#pragma once
// A reading position in a DNS message (RFC 1035 §4) from a stranger. Every read is checked against the end of
// the message; a failed read leaves `failed()` set and returns zeros from then on, so that a parser reads a
// whole record and asks once. Compression pointers may only point backwards, and a name costs bounded work.
#include <cstdint>
#include <string>
#include <string_view>

namespace ekiden::dns {

class WireReader {
  public:
    explicit WireReader(std::string_view message) : message_(message) {}

    bool failed() const { return failed_; }
    std::size_t position() const { return position_; }
    std::size_t left() const { return message_.size() - position_; }

    std::uint8_t u8();
    std::uint16_t u16();
    std::uint32_t u32();
    // The next `length` octets; a view of the message.
    std::string_view octets(std::size_t length);
    // A name in presentation form, compression followed (RFC 1035 §4.1.4).
    std::string name();

  private:
    void fail() { failed_ = true; }

    std::string_view message_;
    std::size_t position_ = 0;
    bool failed_ = false;
};

}  // namespace ekiden::dns
