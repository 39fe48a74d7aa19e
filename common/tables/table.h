#pragma once
// A lookup table behind one asynchronous interface, whatever stands behind it: text in the configuration, a
// file, a database, another process. Tables map a key to a value; what the value means is the asker's
// business.
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/event/task.h"

namespace ekiden::tables {

namespace limits {
inline constexpr std::size_t key = 128 * 1024;  // octets: a header field with all its lines
inline constexpr std::size_t asked_key = 4096;  // of tables that another process is asked for
inline constexpr std::size_t value = 65536;     // octets
}  // namespace limits

// A value, nothing where the key is not in the table, or an error: temporary for what may work later.
using Found = Result<std::optional<std::string>>;

class Table {
  public:
    explicit Table(std::string name) : name_(std::move(name)) {}
    virtual ~Table() = default;
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;

    virtual Task<Found> find(std::string key) = 0;
    // Tables of patterns (regexp, cidr) are asked once, with the whole string, never with parts of an
    // address.
    virtual bool takes_whole_keys() const { return false; }
    // "hash:/etc/ekiden/transport", as it stands in the configuration.
    const std::string& name() const { return name_; }

  private:
    const std::string name_;
};

// A key that is longer than tables take is an error: it may well be one that the table means. Whoever asks
// says "try again later", as for any lookup that fails.
inline Found key_too_long(const std::string& table, std::size_t size) {
    return malformed(table + ": a key of " + std::to_string(size) + " octets is too long");
}

// A table that answers without waiting for anybody.
class LocalTable : public Table {
  public:
    using Table::Table;
    Task<Found> find(std::string key) override {
        if (key.size() > limits::key) co_return key_too_long(name(), key.size());
        co_return find_now(key);
    }
    virtual Found find_now(std::string_view key) = 0;
};

}  // namespace ekiden::tables
