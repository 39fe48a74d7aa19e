#include "queue/router/named_tables.h"

#include <filesystem>

#include "common/config/check.h"
#include "common/config/expand.h"
#include "common/config/table_reference.h"
#include "common/tables/socketmap.h"
#include "common/tables/sqlite_table.h"

namespace ekiden::router {
namespace {

// The one spelling under which a table is known: without proxy:, type in lower case.
std::optional<std::string> normal(std::string_view text) {
    auto reference = config::parse_table_reference(text);
    if (!reference || !config::find_table_type(reference->type)) return std::nullopt;
    return reference->type + ":" + reference->name;
}

}  // namespace

NamedTables::NamedTables(const config::Snapshot& snapshot, tables::Source source)
    : files_(snapshot.files), source_(source) {
    source_.files = &files_;
    if (Result<Settings> settings = snapshot.settings()) collect(*settings);
    for (const config::ServiceEntry& service : snapshot.services)
        if (Result<Settings> settings = snapshot.settings_of(service)) collect(*settings);
}

void NamedTables::collect(const Settings& settings) {
    auto take = [&](std::string_view value, std::set<std::string, std::less<>>& into) {
        Result<List> items = config::split_list(value);
        for (std::string_view item : items ? *items : List()) {
            if (item.starts_with('!')) item.remove_prefix(1);
            std::optional<std::string> name = normal(item);
            auto leaves = config::leaf_tables(item);
            if (!name || !leaves) continue;
            into.insert(*name);
            // A worker that has the outer table itself asks for what is inside.
            for (const config::TableReference& leaf : *leaves) into.insert(leaf.type + ":" + leaf.name);
        }
    };
    for (const param::Info& info : param::all)
        if (info.type == param::Type::list) take(settings.text(info.name), named_);
    take(settings.text(param::smtp_sasl_password_maps.name), secret_);
}

Task<tables::Found> NamedTables::find(ipc::Service asker, std::string table, std::string key, bool part) {
    std::optional<std::string> name = normal(table);
    if (!name || !named_.contains(*name)) co_return denied("table " + table + " stands in no parameter");
    if (secret_.contains(*name) && asker != ipc::Service::relay)
        co_return denied("table " + table + " is for the relay alone");
    auto& opened = open_[*name];
    if (!opened) {
        std::vector<config::Finding> findings;  // told when the configuration was checked
        Result<std::unique_ptr<tables::Table>> made = tables::open(*name, source_, findings);
        if (!made) co_return pass(made);
        opened = std::move(*made);
    }
    if (part && opened->takes_whole_keys()) co_return std::nullopt;
    tables::Found found = co_await opened->find(key);
    co_return found;
}

NamedTables::Needs NamedTables::needs() const {
    Needs needs;
    auto add = [&](const std::string& file) {
        // The directory: a table is replaced by rename.
        std::error_code none;
        std::filesystem::path folder = std::filesystem::path(file).parent_path();
        if (std::filesystem::is_directory(folder, none)) needs.paths.push_back(folder.string());
    };
    for (const std::string& name : named_) {
        auto reference = config::parse_table_reference(name);
        const config::TableType* type = config::find_table_type(reference->type);
        if (type->kind == config::TableKind::built) add(reference->name);
        if (type->name == "unix") add("/etc/passwd");
        if (type->name == "socketmap") {
            auto server = tables::parse_socketmap(reference->name);
            if (server) (server->is_unix() ? needs.unix_sockets : needs.internet) = true;
        }
        if (type->name != "sqlite") continue;
        add(reference->name);
        Result<std::string> content = config::read_file(reference->name);
        if (!content) continue;
        auto table = tables::SqliteTable::make(name, *content, reference->name);
        if (table) add((*table)->database_path());
    }
    return needs;
}

}  // namespace ekiden::router
