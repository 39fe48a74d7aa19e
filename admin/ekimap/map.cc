#include "admin/ekimap/map.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <tuple>

#include "admin/ekimap/as_owner.h"
#include "admin/ekimap/message_keys.h"
#include "admin/ekimap/source.h"
#include "common/config/check.h"
#include "common/config/table_reference.h"
#include "common/tables/build.h"
#include "common/tables/indexed.h"
#include "common/tables/lmdb_table.h"
#include "common/tables/open.h"
#include "common/tables/simple.h"
#include "common/text/ascii.h"
#include "common/text/base64.h"
#include "common/text/fold.h"

namespace ekiden::ekimap {
namespace {

using Entries = std::map<std::string, std::string>;
constexpr Milliseconds lock_time{60'000};

// A table as the command line names it.
struct Named {
    std::string reference;  // "hash:/etc/ekiden/x"
    std::string type, source;
    const config::TableType* kind;
    std::string built() const { return source + std::string(kind->suffix); }
    // Its file has an order in which it can be listed, and can be read back to be changed.
    bool indexed() const { return type == "hash" || type == "btree"; }
};

std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\')
            (out += '\\') += c;
        else if (static_cast<unsigned char>(c) < 0x20)
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        else
            out += c;
    }
    return out + "\"";
}

class Mapper {
  public:
    Mapper(const Options& options, std::string default_type, std::string_view input)
        : options_(options), default_type_(std::move(default_type)), input_(input) {}

    Output run() {
        if (options_.mime && !options_.headers && !options_.bodies) {
            warn("ignoring -m option without -b or -h");
        }
        Result<bool> done = options_.mode == Mode::build    ? build_all()
                            : options_.mode == Mode::query  ? query()
                            : options_.mode == Mode::remove ? remove_all()
                                                            : list();
        if (!done)
            output_.err += std::string(name_of(options_.tool)) + ": fatal: " + done.error().text + "\n";
        if (!done || !*done) output_.status = 1;
        return std::move(output_);
    }

  private:
    void warn(const std::string& text) {
        output_.err += std::string(name_of(options_.tool)) + ": warning: " + text + "\n";
    }
    void tell(const std::string& text) {
        if (options_.verbose) output_.err += std::string(name_of(options_.tool)) + ": " + text + "\n";
    }

    Result<Named> named(const std::string& text) {
        auto reference = config::parse_table_reference(text);
        if (!reference) reference = config::TableReference{default_type_, text};
        Named table{reference->type + ":" + reference->name, reference->type, reference->name,
                    config::find_table_type(reference->type)};
        if (!table.kind) return malformed("unsupported dictionary type: " + table.type);
        if (table.source.empty())
            return malformed("open dictionary: expecting \"type:name\" form instead of \"" + table.reference +
                             "\"");
        tell("open " + table.reference);
        return table;
    }

    void put(std::string_view key, std::string_view value, bool with_key) {
        if (options_.json)
            output_.out += fmt::format("{{{}: {}}}\n", json_string(key), json_string(value));
        else if (!with_key)
            output_.out += fmt::format("{}\n", value);
        else
            output_.out += fmt::format("{}{}\t{}\n", key, options_.tool == Tool::alias ? ":" : "", value);
    }

    // -F: tables that are built of a file of lines hold base64, others the names of files. Nothing for a
    // value that is none, which is told.
    Result<std::optional<std::string>> shown(const Named& table, std::string_view key,
                                             std::string_view value) {
        if (!options_.file_values) return std::string(value);
        if (table.kind->kind != config::TableKind::built && table.type != "texthash") {
            Result<std::string> content = content_of_files(value);
            if (!content) return pass(content);
            return std::move(*content);
        }
        std::optional<std::string> decoded = text::base64_decode(value);
        if (!decoded)
            warn("table " + table.reference + ": key " + text::printable(key, 200) +
                 ": malformed BASE64 value: " + text::printable(value, 200));
        return decoded;
    }

    // ---- building

    Result<bool> build_all() {
        for (const std::string& text : options_.tables) {
            Result<Named> table = named(text);
            if (!table) return pass(table);
            if (!table->kind->made_here || (options_.incremental && !table->indexed()))
                return malformed(
                    "unsupported dictionary type: " + table->type + " does not support " +
                    (table->kind->made_here ? "changes, only to be built whole" : "bulk-mode creation."));
            if (Result<> done = build(*table); !done) return pass(done);
        }
        return true;
    }

    Result<> build(const Named& table) {
        std::string content(input_);
        bool from_file = !options_.incremental;
        if (from_file) {
            struct stat facts{};
            if (::stat(table.source.c_str(), &facts) != 0) return system_error("open " + table.source, errno);
            Result<std::string> read = config::read_file(table.source);
            if (!read) return pass(read);
            content = std::move(*read);
        }
        Result<AsOwner> owner = as_owner(table);
        if (!owner) return pass(owner);
        Result<tables::BuildLock> lock = tables::BuildLock::take(table.built(), lock_time);
        if (!lock) return pass(lock);
        Entries entries;
        if (options_.incremental && ::access(table.built().c_str(), F_OK) == 0) {
            Result<Entries> old = existing(table);
            if (!old) return pass(old);
            entries = std::move(*old);
        }
        std::string file = from_file ? table.source : "stdin";
        std::vector<config::Finding> findings;
        for (const tables::TextEntry& entry : source_entries(options_, content, file, findings))
            add(entries, entry, file, findings);
        std::sort(findings.begin(), findings.end(), [](const auto& a, const auto& b) {
            return std::tie(a.line, a.text) < std::tie(b.line, b.text);
        });
        for (const config::Finding& finding : findings) warn(format(finding));
        return write(table, entries);
    }

    Result<AsOwner> as_owner(const Named& table) {
        if (options_.stay_root) return AsOwner();
        return AsOwner::of(::access(table.source.c_str(), F_OK) == 0 ? table.source : table.built());
    }

    void add(Entries& entries, const tables::TextEntry& entry, const std::string& file,
             std::vector<config::Finding>& findings) {
        auto [at, is_new] = entries.try_emplace(entry.key, entry.value);
        if (is_new) return;
        if (options_.duplicates == Duplicates::replace) at->second = entry.value;
        if (options_.duplicates == Duplicates::warn)
            findings.push_back({config::Severity::warning, file, entry.line,
                                "duplicate entry: \"" + text::printable(entry.key, 200) + "\"", ""});
    }

    Result<Entries> existing(const Named& table) {
        Entries entries;
        if (Result<> there = must_be_there(table); !there) return pass(there);
        tables::IndexedTable built(table.reference, table.built());
        Result<> read =
            built.each([&](std::string_view key, std::string_view value) { entries.emplace(key, value); });
        if (!read) return pass(read);
        return entries;
    }

    static Result<> must_be_there(const Named& table) {
        if (::access(table.built().c_str(), R_OK) != 0)
            return system_error("open database " + table.built(), errno);
        return {};
    }

    Result<> write(const Named& table, const Entries& entries) {
        std::vector<tables::TextEntry> list;
        for (const auto& [key, value] : entries) list.push_back({key, value, 0});
        mode_t mode = 0644;
        struct stat facts{};
        if (options_.inherit_rights &&
            (::stat(table.source.c_str(), &facts) == 0 || ::stat(table.built().c_str(), &facts) == 0))
            mode = 0600 | (facts.st_mode & 0044);
        return tables::build_table(table.type, table.built(), mode, list, options_.with_nul);
    }

    // ---- changing and listing

    Result<bool> remove_all() {
        bool removed = false;
        for (const std::string& text : options_.tables) {
            Result<Named> table = named(text);
            if (!table) return pass(table);
            if (!table->indexed())
                return malformed("table " + table->reference + ": delete operation is not supported");
            Result<bool> done = remove(*table);
            if (!done) return done;
            removed = removed || *done;
        }
        return removed;
    }

    Result<bool> remove(const Named& table) {
        if (Result<> there = must_be_there(table); !there) return pass(there);
        Result<AsOwner> owner = options_.stay_root ? AsOwner() : AsOwner::of(table.built());
        if (!owner) return pass(owner);
        Result<tables::BuildLock> lock = tables::BuildLock::take(table.built(), lock_time);
        if (!lock) return pass(lock);
        Result<Entries> entries = existing(table);
        if (!entries) return pass(entries);
        std::size_t before = entries->size();
        for (const std::string& key : keys()) entries->erase(options_.fold ? text::fold_case(key) : key);
        if (entries->size() == before) return false;
        Result<> written = write(table, *entries);
        if (!written) return pass(written);
        return true;
    }

    // The first table alone, as postmap -s does it.
    Result<bool> list() {
        Result<Named> table = named(options_.tables.front());
        if (!table) return pass(table);
        Result<Entries> entries = table->indexed() ? existing(*table) : entries_of(*table);
        if (!entries) return pass(entries);
        for (const auto& [key, value] : *entries) {
            Result<std::optional<std::string>> text = shown(*table, key, value);
            if (!text) return pass(text);
            if (*text) put(key, **text, true);
        }
        return true;
    }

    // Of types that are not changed here.
    Result<Entries> entries_of(const Named& table) {
        if (Result<> done = open_next(table); !done) return pass(done);
        Entries entries;
        if (auto* lmdb = dynamic_cast<tables::LmdbTable*>(opened_.front().table.get())) {
            Result<> read = lmdb->each(
                [&](std::string_view key, std::string_view value) { entries.emplace(key, value); });
            if (!read) return pass(read);
        } else if (const auto* map = dynamic_cast<const tables::MapTable*>(opened_.front().table.get())) {
            entries.insert(map->entries().begin(), map->entries().end());
        } else {
            return malformed("table " + table.reference + ": sequence operation is not supported");
        }
        return entries;
    }

    // ---- asking

    std::vector<std::string> keys() {
        if (options_.key != "-") return {options_.key};
        std::vector<std::string> keys;
        if (options_.headers || options_.bodies) {
            message_keys(input_, {options_.headers, options_.bodies, options_.mime},
                         [&](std::string_view key) { keys.emplace_back(key); });
            return keys;
        }
        for (std::string_view rest = input_; !rest.empty();) {
            std::size_t end = std::min(rest.find('\n'), rest.size());
            keys.emplace_back(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        return keys;
    }

    Result<bool> query() {
        bool hit = false;
        for (const std::string& key : keys()) {
            Result<bool> found = query_one(key);
            if (!found) return found;
            hit = hit || *found;
        }
        return hit;
    }

    // The first table that has the key answers; tables are opened when they are needed.
    Result<bool> query_one(const std::string& key) {
        for (std::size_t i = 0; i < options_.tables.size(); ++i) {
            if (i >= opened_.size()) {
                Result<Named> table = named(options_.tables[i]);
                if (!table) return pass(table);
                if (Result<> done = open_next(*table); !done) return pass(done);
            }
            const auto& [named, table] = opened_[i];
            tables::Found found = loop_.run(table->find(key));
            if (!found) return temporary("table " + table->name() + ": query error: " + found.error().text);
            if (!*found) continue;
            Result<std::optional<std::string>> text = shown(named, key, **found);
            if (!text) return pass(text);
            if (!*text) return temporary("table " + table->name() + ": query error");
            put(key, **text, options_.key == "-");
            return true;
        }
        return false;
    }

    Result<> open_next(const Named& table) {
        if (table.kind->kind == config::TableKind::built)
            if (Result<> there = must_be_there(table); !there) return there;
        if (table.type == "texthash" && options_.file_values) return open_files(table);
        tables::Source source;
        source.loop = &loop_;
        source.fold = options_.fold;
        std::vector<config::Finding> findings;
        Result<std::unique_ptr<tables::Table>> opened = tables::open(table.reference, source, findings);
        if (!opened) return pass(opened);
        for (const config::Finding& finding : findings) warn(format(finding));
        opened_.push_back({table, std::move(*opened)});
        return {};
    }

    // A texthash whose values name files: read as a table would be built.
    Result<> open_files(const Named& table) {
        Result<std::string> content = config::read_file(table.source);
        if (!content) return pass(content);
        std::vector<config::Finding> findings;
        Entries entries;
        for (const tables::TextEntry& entry : source_entries(options_, *content, table.source, findings))
            add(entries, entry, table.source, findings);
        for (const config::Finding& finding : findings) warn(format(finding));
        tables::MapTable::Entries all(entries.begin(), entries.end());
        opened_.push_back(
            {table, std::make_unique<tables::MapTable>(table.reference, std::move(all), options_.fold)});
        return {};
    }

    struct Opened {
        Named named;
        std::unique_ptr<tables::Table> table;
    };

    const Options& options_;
    const std::string default_type_;
    std::string_view input_;
    Output output_;
    event::Loop loop_;
    std::vector<Opened> opened_;
};

}  // namespace

bool reads_input(const Options& options) {
    bool asks = options.mode == Mode::query || options.mode == Mode::remove;
    return asks ? options.key == "-" : options.incremental && options.mode == Mode::build;
}

Output run(const Options& options, const std::string& default_type, std::string_view input) {
    return Mapper(options, default_type, input).run();
}

}  // namespace ekiden::ekimap
