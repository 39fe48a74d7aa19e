// Limits: of the values of regexp and cidr tables nothing is said; those of hash and btree tables are told as
// warnings, for such a table changes while the suite runs.
#include "common/suite/table_check.h"

#include <unistd.h>

#include <cerrno>

#include "common/config/expand.h"
#include "common/config/table_reference.h"
#include "common/smtp/way.h"
#include "common/tables/indexed.h"
#include "common/tables/list_items.h"
#include "common/tables/routing_tables.h"
#include "common/tables/simple.h"
#include "common/tables/sqlite_table.h"
#include "common/tables/text_entries.h"
#include "common/text/ascii.h"

namespace ekiden::suite {
namespace {

using config::Severity;

constexpr TableOfWays tables_of_ways[] = {
    {param::transport_maps.name, smtp::check_transport_entry},
    {param::mailbox_transport_maps.name, smtp::check_mailbox_entry},
    {param::fallback_transport_maps.name, smtp::check_mailbox_entry},
};

// The items of a list, those in files included.
std::vector<std::string> items_of(const param::Info& info, const Settings& settings,
                                  const tables::Source& source) {
    Result<List> items = config::split_list(settings.text(info.name));
    std::vector<std::string> all;
    for (std::string_view item : items ? *items : List()) {
        while (item.starts_with('!')) item.remove_prefix(1);
        if (!item.starts_with('/')) {
            all.emplace_back(item);
        } else if (source.files->contains(item)) {
            auto inside = tables::list_items({std::string(item)}, source);
            if (!inside) continue;  // told by the list's reader
            for (const tables::ListItem& each : *inside) all.push_back(each.text);
        }
    }
    return all;
}

}  // namespace

void TableCheck::run(const Settings& settings, const PlaceOf& place_of) {
    for (const param::Info& info : param::all) {
        if (info.type != param::Type::list) continue;
        Place place = place_of(info.name);
        for (const std::string& item : items_of(info, settings, source_)) {
            auto reference = config::parse_table_reference(item);
            const config::TableType* type = reference ? config::find_table_type(reference->type) : nullptr;
            // A built file that is not there, or none of ours, was told before.
            if (type && type->kind != config::TableKind::built && seen_.insert(item).second)
                check_table(item, info.name, place);
            for (const TableOfWays& table : tables_of_ways)
                if (type && info.name == table.parameter && seen_ways_.emplace(info.name, item).second)
                    check_ways(item, table, place);
        }
    }
}

void TableCheck::check_table(const std::string& item, std::string_view parameter, const Place& place) {
    auto told = [&](const std::string& what) {
        findings_.push_back({Severity::error, place.file, place.line,
                             "in parameter " + std::string(parameter) + ": " + what, ""});
    };
    tables::Source source = source_;
    source.substitute = tables::may_substitute(parameter);
    std::vector<config::Finding> inside;
    Result<std::unique_ptr<tables::Table>> table = tables::open(item, source, inside);
    for (config::Finding& finding : inside) {
        // Of rules that stand in the parameter itself the line is that of the rule.
        if (finding.file.starts_with('{'))
            finding = {finding.severity, place.file, place.line,
                       "in parameter " + std::string(parameter) + ": rule " + std::to_string(finding.line) +
                           ": " + finding.text,
                       finding.remedy};
        findings_.push_back(std::move(finding));
    }
    if (!table) return told(table.error().text);
    const auto* sqlite = dynamic_cast<const tables::SqliteTable*>(table->get());
    if (sqlite && ::access(sqlite->database_path().c_str(), R_OK) != 0)
        told(sqlite->name() +
             ": dbpath: " + system_error("cannot open " + sqlite->database_path(), errno).error().text);
}

void TableCheck::check_ways(const std::string& item, const TableOfWays& ways, const Place& place) {
    auto judge = [&](Severity severity, const Place& where, std::string_view key, std::string_view value) {
        Result<> good = ways.check(value);
        if (good) return;
        std::string what =
            "in parameter " + std::string(ways.parameter) + ": entry \"" + text::printable(key, 100) + "\": ";
        findings_.push_back({severity, where.file, where.line, what + good.error().text, ""});
    };
    auto reference = config::parse_table_reference(item);
    std::vector<config::Finding> told_before;
    if (reference->type == "texthash") {
        Result<std::string> content = tables::content_of(reference->name, source_);
        if (!content) return;
        for (const auto& entry : tables::text_entries(*content, reference->name, told_before))
            judge(Severity::error, {reference->name, entry.line}, entry.key, entry.value);
        return;
    }
    Result<std::unique_ptr<tables::Table>> table = tables::open(item, source_, told_before);
    if (!table) return;
    if (const auto* map = dynamic_cast<const tables::MapTable*>(table->get())) {
        for (const auto& [key, value] : map->entries()) judge(Severity::error, place, key, value);
    } else if (auto* indexed = dynamic_cast<tables::IndexedTable*>(table->get())) {
        (void)indexed->each([&](std::string_view key, std::string_view value) {
            judge(Severity::warning, place, key, value);
        });
    } else if (auto* fixed = dynamic_cast<tables::StaticTable*>(table->get())) {
        tables::Found value = fixed->find_now("");
        if (value && *value) judge(Severity::error, place, "", **value);
    }
}

}  // namespace ekiden::suite
