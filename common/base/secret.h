#pragma once
// A password or key. It prints as ***, never takes part in a log line by accident, and is wiped when it goes.
#include <string.h>

#include <string>
#include <string_view>
#include <utility>

namespace ekiden {

class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}
    Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { other.wipe(); }
    Secret& operator=(Secret&& other) noexcept {
        if (this != &other) {
            wipe();
            value_ = std::move(other.value_);
            other.wipe();
        }
        return *this;
    }
    Secret(const Secret&) = default;
    Secret& operator=(const Secret&) = default;
    ~Secret() { wipe(); }

    // The value itself; the name is ugly so that each use is seen in review.
    std::string_view reveal() const { return value_; }
    // For decoders that fill it in place.
    std::string& raw() { return value_; }
    bool empty() const { return value_.empty(); }

  private:
    void wipe() {
        explicit_bzero(value_.data(), value_.size());
        value_.clear();
    }
    std::string value_;
};

inline std::string_view format_as(const Secret&) { return "***"; }

}  // namespace ekiden
