#pragma once
// Tables that live in memory: inline, static, fail, randmap, environ, texthash.
#include <map>
#include <vector>

#include "common/config/finding.h"
#include "common/tables/table.h"

namespace ekiden::tables {

// Exact lookups of keys; `fold`: both sides in lower case.
class MapTable final : public LocalTable {
  public:
    using Entries = std::map<std::string, std::string, std::less<>>;
    MapTable(std::string name, Entries entries, bool fold)
        : LocalTable(std::move(name)), entries_(std::move(entries)), fold_(fold) {}
    Found find_now(std::string_view key) override;
    const Entries& entries() const { return entries_; }

  private:
    Entries entries_;
    const bool fold_;
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

// randmap:{ value, value }: any of them, whatever the key.
class RandomTable final : public LocalTable {
  public:
    RandomTable(std::string name, std::vector<std::string> values)
        : LocalTable(std::move(name)), values_(std::move(values)) {}
    Found find_now(std::string_view) override;
    bool takes_whole_keys() const override { return true; }

  private:
    const std::vector<std::string> values_;
};

// environ: the environment of the process that asks.
class EnvironmentTable final : public LocalTable {
  public:
    explicit EnvironmentTable(std::string name) : LocalTable(std::move(name)) {}
    Found find_now(std::string_view key) override;
};

// inline:{ key=value, { key = value with blanks } }: `text` is what stands after the colon.
Result<std::unique_ptr<Table>> make_inline(std::string name, std::string_view text, bool fold = true);
Result<std::unique_ptr<Table>> make_random(std::string name, std::string_view text);
// static:value, static:{ value with blanks }
std::unique_ptr<Table> make_static(std::string name, std::string_view text);
// Of duplicate keys the first counts; that, and lines that are none, are told in `findings`.
std::unique_ptr<Table> make_texthash(std::string name, std::string_view content, const std::string& file,
                                     std::vector<config::Finding>& findings, bool fold = true);

}  // namespace ekiden::tables
