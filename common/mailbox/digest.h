#pragma once
// A digest of 32 hexadecimal digits that tells names and messages apart. Not for secrets: whoever can write
// the text can make two equal.
#include <cstdint>
#include <string>
#include <string_view>

namespace ekiden::mailbox {

class Digest {
  public:
    // FNV-1a from two beginnings.
    void add(std::string_view text) {
        for (char c : text) {
            high_ = (high_ ^ static_cast<unsigned char>(c)) * prime;
            low_ = (low_ ^ static_cast<unsigned char>(c)) * prime;
        }
    }
    std::string text() const;
    bool operator==(const Digest&) const = default;

  private:
    static constexpr std::uint64_t prime = 1099511628211u;
    std::uint64_t high_ = 14695981039346656037u;
    std::uint64_t low_ = 0x6b7969656b6964ull;
};

}  // namespace ekiden::mailbox
