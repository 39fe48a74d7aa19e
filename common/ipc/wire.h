#pragma once
// The form of a message between processes. A message is a plain struct that lists its fields once, in
// `visit`; encode, decode, trace and the table in docs/ipc.md come from that list. Integers travel as
// little-endian base-128 numbers (signed ones zigzag), strings and lists behind their length, descriptors
// beside the bytes (SCM_RIGHTS).
//
// A decoder treats its peer as hostile: order, types and bounds are strict, every count is checked against
// the bytes that are left before anything is allocated, and nothing may follow the last field.
//
// A frame: u32 length of the payload | u32 type (hash of the name) | u32 request id | u8 kind | u8
// descriptors, then the payload; integers of the header little-endian.
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "common/base/error.h"
#include "common/base/owned_fd.h"
#include "common/base/secret.h"

namespace ekiden::ipc {

namespace limits {
// Inline content (spool_inline_limit) and an envelope of the largest recipient count fit; nothing larger is
// read.
inline constexpr std::size_t payload = 4 * 1024 * 1024;
inline constexpr std::size_t descriptors = 64;  // in one message
}  // namespace limits

// `last`, without a payload: nothing more is asked or told from this end; what was asked is still answered.
enum class FrameKind : std::uint8_t { request = 1, reply = 2, error = 3, tell = 4, last = 5 };

struct FrameHeader {
    static constexpr std::size_t size = 14;
    std::uint32_t length;
    std::uint32_t type;
    std::uint32_t request;
    FrameKind kind;
    std::uint8_t descriptors;
};

std::string encode_header(const FrameHeader& header);
// Fails on a length or count over the limits and on an unknown kind. `bytes` holds FrameHeader::size octets
// or more.
Result<FrameHeader> decode_header(std::string_view bytes);

// The type number of a message: FNV-1a of its name. tests/: all names give different numbers.
constexpr std::uint32_t type_of(std::string_view name) {
    std::uint32_t hash = 2166136261u;
    for (char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    return hash;
}

template <class M>
concept Message = requires {
    { M::name } -> std::convertible_to<std::string_view>;
};

class Encoder {
  public:
    // Descriptors of the message are borrowed until the frame is sent: `fds` then holds their numbers in
    // order.
    Encoder(std::string& out, std::vector<int>& fds) : out_(out), fds_(fds) {}

    template <class T>
    void field(std::string_view, const T& value) {
        put(value);
    }
    template <class T>
    void put(const T& value) {
        if constexpr (std::is_same_v<T, bool>) {
            out_.push_back(value ? 1 : 0);
        } else if constexpr (std::is_enum_v<T>) {
            put_number(static_cast<std::uint64_t>(value));
        } else if constexpr (std::unsigned_integral<T>) {
            put_number(value);
        } else if constexpr (std::signed_integral<T>) {
            auto wide = static_cast<std::int64_t>(value);
            put_number((static_cast<std::uint64_t>(wide) << 1) ^ static_cast<std::uint64_t>(wide >> 63));
        } else if constexpr (std::is_same_v<T, std::string>) {
            put_string(value);
        } else if constexpr (std::is_same_v<T, Secret>) {
            put_string(value.reveal());
        } else if constexpr (std::is_same_v<T, OwnedFd>) {
            put(static_cast<bool>(value));
            if (value) fds_.push_back(value.get());
        } else {
            put_composite(value);
        }
    }

  private:
    void put_number(std::uint64_t value);
    void put_string(std::string_view value);
    template <class T>
    void put_composite(const std::vector<T>& items) {
        put_number(items.size());
        for (const T& item : items) put(item);
    }
    template <class T>
    void put_composite(const std::optional<T>& value) {
        put(value.has_value());
        if (value) put(*value);
    }
    template <class T>
    void put_composite(const T& value) {
        T::visit(value, [this](std::string_view name, const auto& part) { this->field(name, part); });
    }
    std::string& out_;
    std::vector<int>& fds_;
};

class Decoder {
  public:
    // Takes the descriptors that it needs out of `fds`, in order.
    Decoder(std::string_view bytes, std::vector<OwnedFd>& fds) : bytes_(bytes), fds_(fds) {}

    template <class T>
    void get(T& value) {
        if (failed_) return;
        if constexpr (std::is_same_v<T, bool>) {
            std::uint64_t n = number();
            if (n > 1) return fail("a truth value other than 0 or 1");
            value = n == 1;
        } else if constexpr (std::is_enum_v<T>) {
            std::uint64_t n = number();
            // Each enumeration that travels ends with `last`, so that values beyond it are refused here.
            if (n > static_cast<std::uint64_t>(T::last)) return fail("an enumeration value out of range");
            value = static_cast<T>(n);
        } else if constexpr (std::unsigned_integral<T>) {
            std::uint64_t n = number();
            if (n > std::numeric_limits<T>::max()) return fail("a number out of range");
            value = static_cast<T>(n);
        } else if constexpr (std::signed_integral<T>) {
            std::uint64_t n = number();
            auto wide = static_cast<std::int64_t>((n >> 1) ^ (~(n & 1) + 1));
            if (wide < std::numeric_limits<T>::min() || wide > std::numeric_limits<T>::max())
                return fail("a number out of range");
            value = static_cast<T>(wide);
        } else if constexpr (std::is_same_v<T, std::string>) {
            value = string();
        } else if constexpr (std::is_same_v<T, Secret>) {
            value = Secret(std::string(string()));
        } else if constexpr (std::is_same_v<T, OwnedFd>) {
            bool present = false;
            get(present);
            if (failed_ || !present) return;
            if (next_fd_ >= fds_.size()) return fail("a descriptor is missing");
            value = std::move(fds_[next_fd_++]);
        } else {
            get_composite(value);
        }
    }
    // Nothing may be left, neither bytes nor descriptors.
    Result<> finish();

  private:
    std::uint64_t number();
    std::string_view string();
    void fail(const char* why);
    template <class T>
    void get_composite(std::vector<T>& items) {
        std::uint64_t count = number();
        // Each item takes at least an octet, so a count beyond what is left is a lie.
        if (count > bytes_.size()) return fail("a list longer than its message");
        items.clear();
        for (std::uint64_t i = 0; i < count && !failed_; ++i) {
            items.emplace_back();
            get(items.back());
        }
    }
    template <class T>
    void get_composite(std::optional<T>& value) {
        bool present = false;
        get(present);
        if (failed_ || !present) return;
        value.emplace();
        get(*value);
    }
    template <class T>
    void get_composite(T& value) {
        T::visit(value, [this](std::string_view, auto& part) { this->get(part); });
    }
    std::string_view bytes_;
    std::vector<OwnedFd>& fds_;
    std::size_t next_fd_ = 0;
    bool failed_ = false;
    const char* why_ = "";
};

// Appends the payload of a message to `out` and the numbers of its descriptors to `fds`.
template <Message M>
void encode(const M& message, std::string& out, std::vector<int>& fds) {
    Encoder encoder(out, fds);
    M::visit(message, [&](std::string_view name, const auto& part) { encoder.field(name, part); });
}

template <Message M>
Result<M> decode(std::string_view payload, std::vector<OwnedFd>& fds) {
    M message{};
    Decoder decoder(payload, fds);
    M::visit(message, [&](std::string_view, auto& part) { decoder.get(part); });
    Result<> whole = decoder.finish();
    if (!whole) return malformed(std::string(M::name) + ": " + whole.error().text);
    return message;
}

}  // namespace ekiden::ipc
