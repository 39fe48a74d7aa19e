#include "admin/ekimap/map.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "common/config/check.h"
#include "common/config/table_reference.h"
#include "common/tables/indexed.h"
#include "common/tables/open.h"
#include "common/text/ascii.h"

namespace ekiden::ekimap {
namespace {

using Entries = std::map<std::string, std::string>;

// A table that is built here: hash or btree.
Result<config::TableReference> indexed_reference(const std::string& text) {
    auto reference = config::parse_table_reference(text);
    const config::TableType* type = reference ? config::find_table_type(reference->type) : nullptr;
    if (!type) return malformed("unsupported dictionary type: " + (reference ? reference->type : text));
    if (type->suffix.empty())
        return malformed("dictionary type " + reference->type + " is not built or changed by ekimap");
    return *reference;
}

class Mapper {
  public:
    Mapper(const Options& options, std::string_view input) : options_(options), input_(input) {}

    Output run() {
        bool found = false;
        for (const std::string& table : options_.tables) {
            Result<bool> done = options_.mode == Mode::build    ? build(table)
                                : options_.mode == Mode::query  ? query(table)
                                : options_.mode == Mode::remove ? remove(table)
                                                                : list(table);
            if (!done) {
                output_.err += "ekimap: fatal: " + done.error().text + "\n";
                output_.status = 1;
                return std::move(output_);
            }
            found = found || *done;
            if (found && options_.mode == Mode::query && options_.key != "-") break;
        }
        if (!found) output_.status = 1;
        return std::move(output_);
    }

  private:
    void warn(const std::string& text) { output_.err += "ekimap: warning: " + text + "\n"; }

    // Returns false where a duplicate is ignored.
    void take(Entries& entries, const tables::TextEntry& entry, const std::string& file) {
        auto [at, is_new] = entries.try_emplace(entry.key, entry.value);
        if (is_new) return;
        if (options_.duplicates == Duplicates::replace) at->second = entry.value;
        if (options_.duplicates == Duplicates::warn)
            warn(file + ", line " + std::to_string(entry.line) + ": duplicate entry: \"" +
                 text::printable(entry.key, 200) + "\"");
    }

    void take_text(Entries& entries, std::string_view content, const std::string& file) {
        std::vector<config::Finding> findings;
        for (const tables::TextEntry& entry : tables::text_entries(content, file, findings, options_.fold))
            take(entries, entry, file);
        for (const config::Finding& finding : findings) warn(format(finding));
    }

    Result<Entries> existing(const std::string& table, const std::string& path) {
        Entries entries;
        tables::IndexedTable built(table, path + std::string(tables::indexed_suffix));
        Result<> read =
            built.each([&](std::string_view key, std::string_view value) { entries.emplace(key, value); });
        if (!read) return pass(read);
        return entries;
    }

    Result<> write(const std::string& path, const Entries& entries) {
        std::string target = path + std::string(tables::indexed_suffix);
        std::vector<tables::TextEntry> list;
        for (const auto& [key, value] : entries) list.push_back({key, value, 0});
        tables::FileRights rights{0600, {}};
        struct stat source{};
        if (options_.inherit_rights &&
            (::stat(path.c_str(), &source) == 0 || ::stat(target.c_str(), &source) == 0)) {
            rights.mode |= source.st_mode & 0044;
            if (::geteuid() == 0) rights.owner = std::pair(source.st_uid, source.st_gid);
        }
        return tables::build_indexed(target, list, rights);
    }

    Result<bool> build(const std::string& table) {
        Result<config::TableReference> reference = indexed_reference(table);
        if (!reference) return pass(reference);
        Entries entries;
        if (options_.incremental) {
            if (::access((reference->name + std::string(tables::indexed_suffix)).c_str(), F_OK) == 0) {
                Result<Entries> old = existing(table, reference->name);
                if (!old) return pass(old);
                entries = std::move(*old);
            }
            take_text(entries, input_, "standard input");
        } else {
            Result<std::string> content = config::read_file(reference->name);
            if (!content) return pass(content);
            take_text(entries, *content, reference->name);
        }
        Result<> written = write(reference->name, entries);
        if (!written) return pass(written);
        return true;
    }

    std::vector<std::string> keys() {
        if (options_.key != "-") return {options_.key};
        return text::split(input_, "\n");
    }

    Result<bool> query(const std::string& table) {
        std::vector<config::Finding> findings;
        Result<std::unique_ptr<tables::Table>> opened = tables::open(table, {}, findings);
        if (!opened) return pass(opened);
        for (const config::Finding& finding : findings) warn(format(finding));
        bool hit = false;
        for (const std::string& key : keys()) {
            Task<tables::Found> task = (*opened)->find(key);
            task.start();  // tables opened here answer at once
            tables::Found found = task.result();
            if (!found) return pass(found);
            if (!*found) continue;
            hit = true;
            output_.out += (options_.key == "-" ? key + "\t" : "") + **found + "\n";
        }
        return hit;
    }

    Result<bool> remove(const std::string& table) {
        Result<config::TableReference> reference = indexed_reference(table);
        if (!reference) return pass(reference);
        Result<Entries> entries = existing(table, reference->name);
        if (!entries) return pass(entries);
        std::size_t before = entries->size();
        for (const std::string& key : keys()) entries->erase(options_.fold ? text::to_lower(key) : key);
        if (entries->size() == before) return false;
        Result<> written = write(reference->name, *entries);
        if (!written) return pass(written);
        return true;
    }

    Result<bool> list(const std::string& table) {
        Result<config::TableReference> reference = indexed_reference(table);
        if (!reference) return pass(reference);
        Result<Entries> entries = existing(table, reference->name);
        if (!entries) return pass(entries);
        for (const auto& [key, value] : *entries) output_.out += key + "\t" + value + "\n";
        return true;
    }

    const Options& options_;
    std::string_view input_;
    Output output_;
};

}  // namespace

bool reads_input(const Options& options) { return options.incremental || options.key == "-"; }

Output run(const Options& options, std::string_view input) { return Mapper(options, input).run(); }

}  // namespace ekiden::ekimap
