#include "common/tables/open.h"

#include "common/config/check.h"
#include "common/config/expand.h"
#include "common/config/table_reference.h"
#include "common/tables/cdb.h"
#include "common/tables/cidr.h"
#include "common/tables/indexed.h"
#include "common/tables/lmdb_table.h"
#include "common/tables/of_tables.h"
#include "common/tables/pcre.h"
#include "common/tables/regexp.h"
#include "common/tables/remote.h"
#include "common/tables/simple.h"
#include "common/tables/socketmap.h"
#include "common/tables/sqlite_table.h"
#include "common/tables/system_users.h"

namespace ekiden::tables {
namespace {

using Opened = Result<std::unique_ptr<Table>>;

Opened open_in_parameter(const config::TableReference& reference, std::string name, const Source& source) {
    if (reference.type == "inline") return make_inline(std::move(name), reference.name, source.fold);
    if (reference.type == "randmap") return make_random(std::move(name), reference.name);
    if (reference.type == "environ") return std::make_unique<EnvironmentTable>(std::move(name));
    if (reference.type == "fail") return std::make_unique<FailTable>(std::move(name));
    return make_static(std::move(name), reference.name);
}

Opened open_in_snapshot(const config::TableReference& reference, std::string name, const Source& source,
                        std::vector<config::Finding>& findings) {
    Result<std::string> content = config::has_rules_inside(reference) ? config::rules_inside(reference)
                                                                      : content_of(reference.name, source);
    if (!content) return pass(content);
    const std::string& file = reference.name;
    if (reference.type == "cidr")
        return std::make_unique<CidrTable>(std::move(name), *content, file, findings);
    if (reference.type == "regexp")
        return std::make_unique<RegexpTable>(std::move(name), *content, file, findings, source.substitute);
    if (reference.type == "pcre")
        return std::make_unique<PcreTable>(std::move(name), *content, file, findings, source.substitute);
    return make_texthash(std::move(name), *content, file, findings, source.fold);
}

Opened open_built(const config::TableReference& reference, const config::TableType& type, std::string name,
                  const Source& source) {
    std::string path = reference.name + std::string(type.suffix);
    if (type.name == "cdb") return std::make_unique<CdbTable>(std::move(name), std::move(path), source.fold);
    if (type.name == "lmdb")
        return std::make_unique<LmdbTable>(std::move(name), std::move(path), source.fold);
    return std::make_unique<IndexedTable>(std::move(name), std::move(path), source.fold);
}

Opened open_service(const config::TableReference& reference, std::string name, const Source& source) {
    if (reference.type == "unix") return SystemUsersTable::make(std::move(name), reference.name);
    if (reference.type == "socketmap") {
        Result<SocketmapServer> server = parse_socketmap(reference.name);
        if (!server) return pass(server);
        return std::make_unique<SocketmapTable>(std::move(name), std::move(*server), source.loop,
                                                source.fold);
    }
    Result<std::string> content = config::read_file(reference.name);
    if (!content) return pass(content);
    Result<std::unique_ptr<SqliteTable>> table =
        SqliteTable::make(std::move(name), *content, reference.name, source.fold);
    if (!table) return pass(table);
    return std::move(*table);
}

Opened open_of_tables(const config::TableReference& reference, std::string name, const Source& source,
                      std::vector<config::Finding>& findings) {
    Result<std::vector<std::string>> inside = config::tables_inside(reference);
    if (!inside) return pass(inside);
    TableList parts;
    for (const std::string& each : *inside) {
        Opened part = open(each, source, findings);
        if (!part) return pass(part);
        parts.push_back(std::move(*part));
    }
    if (reference.type == "unionmap") return std::make_unique<UnionTable>(std::move(name), std::move(parts));
    if (reference.type == "pipemap") return std::make_unique<PipeTable>(std::move(name), std::move(parts));
    return std::make_unique<DebugTable>(std::move(name), std::move(parts.front()));
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
    // What is inside is sound, and not too deep.
    if (auto leaves = config::leaf_tables(text); !leaves) return pass(leaves);
    config::TableReference reference = *config::parse_table_reference(text);
    const config::TableType& type = *config::find_table_type(reference.type);
    std::string name = reference.type + ":" + reference.name;
    using enum config::TableKind;
    if (type.asked_at_router() && source.router)
        return std::make_unique<RemoteTable>(std::move(name), *source.router, source.time);
    switch (type.kind) {
        case in_parameter: return open_in_parameter(reference, std::move(name), source);
        case in_snapshot: return open_in_snapshot(reference, std::move(name), source, findings);
        case built: return open_built(reference, type, std::move(name), source);
        case service: return open_service(reference, std::move(name), source);
        case of_tables: break;
    }
    return open_of_tables(reference, std::move(name), source, findings);
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
