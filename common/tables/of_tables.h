#pragma once
// Tables that are made of other tables: unionmap asks all and joins what they say, pipemap gives the value of
// each to the next as its key, debug logs what is asked and answered.
#include <vector>

#include "common/tables/table.h"

namespace ekiden::tables {

using TableList = std::vector<std::unique_ptr<Table>>;

class UnionTable final : public Table {
  public:
    UnionTable(std::string name, TableList parts) : Table(std::move(name)), parts_(std::move(parts)) {}
    // The values of all that have the key, with commas between; an error of one is an error.
    Task<Found> find(std::string key) override;
    bool takes_whole_keys() const override;

  private:
    TableList parts_;
};

class PipeTable final : public Table {
  public:
    PipeTable(std::string name, TableList parts) : Table(std::move(name)), parts_(std::move(parts)) {}
    Task<Found> find(std::string key) override;
    bool takes_whole_keys() const override { return parts_.front()->takes_whole_keys(); }

  private:
    TableList parts_;
};

class DebugTable final : public Table {
  public:
    DebugTable(std::string name, std::unique_ptr<Table> inner)
        : Table(std::move(name)), inner_(std::move(inner)) {}
    Task<Found> find(std::string key) override;
    bool takes_whole_keys() const override { return inner_->takes_whole_keys(); }

  private:
    std::unique_ptr<Table> inner_;
};

}  // namespace ekiden::tables
