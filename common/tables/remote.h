#pragma once
// A table that the router looks into for a process that may open no files.
#include "common/ipc/messages/router.h"
#include "common/ipc/peers.h"
#include "common/tables/table.h"

namespace ekiden::tables {

class RemoteTable final : public Table {
  public:
    // `peer` outlives the table.
    RemoteTable(std::string name, ipc::Peer& peer, Milliseconds time)
        : Table(std::move(name)), peer_(peer), time_(time) {}
    Task<Found> find(std::string key) override {
        if (key.size() > limits::asked_key) co_return key_too_long(name(), key.size());
        ipc::LookUpTable question{name(), std::move(key)};
        Result<ipc::TableAnswer> answer = co_await peer_.ask(std::move(question), time_);
        if (!answer) co_return pass(answer);
        if (!answer->found) co_return std::nullopt;
        co_return std::move(answer->value);
    }

  private:
    ipc::Peer& peer_;
    const Milliseconds time_;
};

}  // namespace ekiden::tables
