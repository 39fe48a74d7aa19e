#pragma once
// sqlite tables (sqlite_table(5)): a query of the administrator's against an SQLite database of theirs. The
// file has main.cf's syntax: dbpath, query, result_format, domain, expansion_limit. In the query %s is the
// key, %u and %d its local part and domain, %1 … %9 the labels of its domain from the right. Unlike Postfix
// the key never becomes SQL text: a quoted string with %-letters becomes a bound parameter, so that no key
// can change the query.
#include <vector>

#include "common/sqlite/database.h"
#include "common/tables/table.h"

namespace ekiden::tables {

// A text with %-letters, of a query's literal or of result_format.
class KeyTemplate {
  public:
    explicit KeyTemplate(std::string text) : text_(std::move(text)) {}
    // Nothing where the key lacks what the text asks for: then nothing is looked up.
    std::optional<std::string> fill(std::string_view key) const;

  private:
    std::string text_;
};

// The query with numbered parameters in the place of what depends on the key.
struct ParsedQuery {
    std::string sql;
    std::vector<KeyTemplate> parameters;
};
Result<ParsedQuery> parse_query(std::string_view query);

class SqliteTable final : public LocalTable {
    struct Key {};  // only make() makes one

  public:
    SqliteTable(Key, std::string name, bool fold) : LocalTable(std::move(name)), fold_(fold) {}
    // `content` of the table's file; malformed when it lacks dbpath or query or names what is not supported.
    // `fold`: keys are asked for without their case.
    static Result<std::unique_ptr<SqliteTable>> make(std::string name, std::string_view content,
                                                     const std::string& file, bool fold = true);
    Found find_now(std::string_view key) override;
    const std::string& database_path() const { return database_path_; }

  private:
    bool wants(std::string_view key) const;
    Result<> open();

    const bool fold_;
    std::string database_path_;
    ParsedQuery query_;
    KeyTemplate result_format_{"%s"};
    std::vector<std::string> domains_;
    std::size_t expansion_limit_ = 0;  // 0: none but that of a value's size
    sqlite::Database database_;
    sqlite::Statement statement_;
};

}  // namespace ekiden::tables
