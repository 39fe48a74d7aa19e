#pragma once
// Tables that live in memory: inline, static, fail, texthash.
#include <map>
#include <vector>

#include "common/config/finding.h"
#include "common/tables/table.h"

namespace ekiden::tables {

// Exact lookups of keys, case folded.
class MapTable final : public LocalTable {
  public:
    using Entries = std::map<std::string, std::string, std::less<>>;
    MapTable(std::string name, Entries entries) : LocalTable(std::move(name)), entries_(std::move(entries)) {}
    Found find_now(std::string_view key) override;
    const Entries& entries() const { return entries_; }

  private:
    Entries entries_;
};

// One value for every key.
class StaticTable final : public LocalTable {
  public:
    StaticTable(std::string name, std::string value)
        : LocalTable(std::move(name)), value_(std::move(value)) {}
    Found find_now(std::string_view) override { return value_; }
    bool takes_whole_keys() const override { return true; }

  private:
    std::string value_;
};

// Every lookup fails for now: to try out what happens then.
class FailTable final : public LocalTable {
  public:
    explicit FailTable(std::string name) : LocalTable(std::move(name)) {}
    Found find_now(std::string_view) override { return temporary(name() + " always fails"); }
};

// inline:{ key=value, { key = value with blanks } }: `text` is what stands after the colon.
Result<std::unique_ptr<Table>> make_inline(std::string name, std::string_view text);
// static:value, static:{ value with blanks }
std::unique_ptr<Table> make_static(std::string name, std::string_view text);
// Of duplicate keys the first counts; that, and lines that are none, are told in `findings`.
std::unique_ptr<Table> make_texthash(std::string name, std::string_view content, const std::string& file,
                                     std::vector<config::Finding>& findings);

}  // namespace ekiden::tables
