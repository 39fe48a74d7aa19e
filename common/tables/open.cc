#include "common/tables/open.h"

#include "common/config/check.h"
#include "common/config/expand.h"
#include "common/config/table_reference.h"
#include "common/tables/cidr.h"
#include "common/tables/indexed.h"
#include "common/tables/regexp.h"
#include "common/tables/remote.h"
#include "common/tables/simple.h"
#include "common/tables/sqlite_table.h"

namespace ekiden::tables {
namespace {

Result<std::unique_ptr<Table>> open_text(const config::TableReference& reference, std::string name,
                                         const Source& source, std::vector<config::Finding>& findings) {
    Result<std::string> content = content_of(reference.name, source);
    if (!content) return pass(content);
    if (reference.type == "cidr")
        return std::make_unique<CidrTable>(std::move(name), *content, reference.name, findings);
    if (reference.type == "regexp")
        return std::make_unique<RegexpTable>(std::move(name), *content, reference.name, findings);
    return make_texthash(std::move(name), *content, reference.name, findings);
}

Result<std::unique_ptr<Table>> open_file(const config::TableReference& reference, std::string name,
                                         const Source& source) {
    if (source.router) return std::make_unique<RemoteTable>(std::move(name), *source.router, source.time);
    if (reference.type != "sqlite")
        return std::make_unique<IndexedTable>(std::move(name), reference.name + std::string(indexed_suffix));
    Result<std::string> content = config::read_file(reference.name);
    if (!content) return pass(content);
    Result<std::unique_ptr<SqliteTable>> table = SqliteTable::make(std::move(name), *content, reference.name);
    if (!table) return pass(table);
    return std::move(*table);
}

}  // namespace

Result<std::string> content_of(const std::string& path, const Source& source) {
    if (!source.files) return config::read_file(path);
    auto found = source.files->find(path);
    if (found == source.files->end()) return temporary("file " + path + " is not part of the configuration");
    return found->second;
}

Result<std::unique_ptr<Table>> open(std::string_view text, const Source& source,
                                    std::vector<config::Finding>& findings) {
    auto reference = config::parse_table_reference(text);
    const config::TableType* type = reference ? config::find_table_type(reference->type) : nullptr;
    if (!reference) return malformed("\"" + std::string(text) + "\" is no type:name table");
    if (!type) return malformed("unsupported dictionary type: " + reference->type);
    std::string name = reference->type + ":" + reference->name;
    if (type->in_snapshot) return open_text(*reference, std::move(name), source, findings);
    if (reference->type == "inline") return make_inline(std::move(name), reference->name);
    if (reference->type == "static") return make_static(std::move(name), reference->name);
    if (reference->type == "fail") return std::make_unique<FailTable>(std::move(name));
    return open_file(*reference, std::move(name), source);
}

Result<Maps> Maps::open(const List& references, const Source& source,
                        std::vector<config::Finding>& findings) {
    Maps maps;
    for (const std::string& reference : references) {
        Result<std::unique_ptr<Table>> table = tables::open(reference, source, findings);
        if (!table) return pass(table);
        maps.tables_.push_back(std::move(*table));
    }
    return maps;
}

Task<Found> Maps::find(std::string key) const {
    for (const std::unique_ptr<Table>& table : tables_) {
        Found found = co_await table->find(key);
        if (!found || *found) co_return found;
    }
    co_return std::nullopt;
}

}  // namespace ekiden::tables
