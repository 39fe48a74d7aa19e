// Limits: only the first column of a row is used; the older form with table, select_field and where_field is
// refused, and so is a domain list with tables in it.
#include "common/tables/sqlite_table.h"

#include <algorithm>

#include "common/config/expand.h"
#include "common/config/main_cf.h"
#include "common/text/ascii.h"
#include "common/text/fold.h"

namespace ekiden::tables {
namespace {

// Seven for the query; the eighth is never set, see open().
constexpr std::size_t most_parameters = 7;

bool has_letter(std::string_view text) {
    for (std::size_t at = text.find('%'); at != std::string_view::npos && at + 1 < text.size();
         at = text.find('%', at + 2))
        if (text[at + 1] != '%') return true;
    return false;
}

// "" outside the range.
std::string label_from_right(std::string_view domain, int number) {
    std::vector<std::string> labels = text::split(domain, ".");
    auto index = static_cast<std::size_t>(number);
    return index > labels.size() ? "" : labels[labels.size() - index];
}

}  // namespace

std::optional<std::string> KeyTemplate::fill(std::string_view key) const {
    std::size_t at_sign = key.rfind('@');
    bool address = at_sign != std::string_view::npos;
    std::string_view domain = address ? key.substr(at_sign + 1) : std::string_view();
    std::string out;
    for (std::size_t at = 0; at < text_.size(); ++at) {
        if (text_[at] != '%' || at + 1 == text_.size()) {
            out += text_[at];
            continue;
        }
        char letter = text_[++at];
        std::string piece;
        if (letter == '%') {
            piece = "%";
        } else if (letter == 's' || letter == 'S') {
            piece = key;
        } else if (letter == 'u' || letter == 'U') {
            piece = key.substr(0, at_sign);  // the whole key where it has no domain, as Postfix does
        } else if (letter == 'd' || letter == 'D') {
            if (!address) return std::nullopt;
            piece = domain;
        } else {
            piece = label_from_right(domain, letter - '0');
        }
        if (piece.empty()) return std::nullopt;
        out += piece;
    }
    return out;
}

Result<ParsedQuery> parse_query(std::string_view query) {
    ParsedQuery parsed;
    auto add = [&](std::string text) {
        parsed.parameters.emplace_back(std::move(text));
        parsed.sql += "?" + std::to_string(parsed.parameters.size());
    };
    for (std::size_t at = 0; at < query.size(); ++at) {
        char c = query[at];
        if (c == '%') {
            if (++at == query.size() ||
                std::string_view("sSuUdD123456789%").find(query[at]) == std::string_view::npos)
                return malformed("query: % must be followed by one of s u d 1-9 %");
            if (query[at] == '%')
                parsed.sql += '%';
            else
                add(std::string("%") + query[at]);
            continue;
        }
        if (c == '?' || c == ';')
            return malformed(std::string("query: \"") + c + "\" is not allowed outside quotes");
        if (c != '\'') {
            parsed.sql += c;
            continue;
        }
        std::string literal;
        for (++at;; ++at) {
            if (at >= query.size()) return malformed("query: a quote is not closed");
            if (query[at] != '\'') {
                literal += query[at];
            } else if (at + 1 < query.size() && query[at + 1] == '\'') {
                literal += query[at++];
            } else {
                break;
            }
        }
        if (has_letter(literal)) {
            for (std::size_t i = literal.find('%'); i != std::string::npos; i = literal.find('%', i + 2))
                if (i + 1 >= literal.size() ||
                    std::string_view("sSuUdD123456789%").find(literal[i + 1]) == std::string_view::npos)
                    return malformed("query: % must be followed by one of s u d 1-9 %");
            add(literal);
            continue;
        }
        parsed.sql += '\'';
        for (std::size_t i = 0; i < literal.size(); ++i) {
            if (literal[i] == '\'') parsed.sql += '\'';
            parsed.sql += literal[i];
            if (literal[i] == '%' && i + 1 < literal.size() && literal[i + 1] == '%') ++i;
        }
        parsed.sql += '\'';
    }
    if (parsed.parameters.empty()) return malformed("query: it does not depend on the key (use %s)");
    if (parsed.parameters.size() > most_parameters) return malformed("query: more than 7 places for the key");
    return parsed;
}

Result<std::unique_ptr<SqliteTable>> SqliteTable::make(std::string name, std::string_view content,
                                                       const std::string& file, bool fold) {
    auto table = std::make_unique<SqliteTable>(Key(), std::move(name), fold);
    std::vector<config::Finding> findings;
    RawValues values = config::MainCf::parse(content, file, findings).values();
    for (const config::Finding& finding : findings)
        if (finding.severity == config::Severity::error) return malformed(format(finding));
    for (const auto& [key, value] : values) {
        if (key == "dbpath") {
            table->database_path_ = value;
        } else if (key == "query") {
            Result<ParsedQuery> query = parse_query(value);
            if (!query) return malformed(file + ": " + query.error().text);
            table->query_ = std::move(*query);
        } else if (key == "result_format") {
            table->result_format_ = KeyTemplate(value);
        } else if (key == "domain") {
            table->domains_ = text::split(text::to_lower(value), ", \t");
        } else if (key == "expansion_limit") {
            auto limit = text::parse_number(value);
            if (!limit) return malformed(file + ": expansion_limit is no number");
            table->expansion_limit_ = *limit;
        } else {
            return malformed(file + ": unsupported setting: " + key +
                             " (dbpath, query, result_format, domain, expansion_limit)");
        }
    }
    if (table->database_path_.empty() || table->query_.sql.empty())
        return malformed(file + ": dbpath and query must be set");
    return table;
}

bool SqliteTable::wants(std::string_view key) const {
    if (domains_.empty()) return true;
    std::size_t at_sign = key.rfind('@');
    return at_sign != std::string_view::npos &&
           std::find(domains_.begin(), domains_.end(), text::to_lower(key.substr(at_sign + 1))) !=
               domains_.end();
}

Result<> SqliteTable::open() {
    if (database_) return {};
    // The administrator's program writes to it, so it is opened with locks.
    Result<sqlite::Database> database = sqlite::Database::open(
        database_path_,
        {.access = sqlite::Access::read_only, .busy_timeout = Milliseconds(1000), .cache_kib = 512});
    if (!database) return pass(database);
    database_ = std::move(*database);
    // Wrapped so that every query takes the same number of parameters; the last one is never bound.
    Result<sqlite::Statement> statement =
        database_.prepare("SELECT * FROM (" + query_.sql + ") WHERE ?8 IS NULL");
    if (!statement) {
        database_ = {};
        return pass(statement);
    }
    statement_ = std::move(*statement);
    return {};
}

Found SqliteTable::find_now(std::string_view asked) {
    if (!wants(asked)) return std::nullopt;
    const std::string key = fold_ ? text::fold_case(asked) : std::string(asked);
    std::array<std::optional<std::string>, most_parameters + 1> filled;
    for (std::size_t i = 0; i < query_.parameters.size(); ++i) {
        filled[i] = query_.parameters[i].fill(key);
        if (!filled[i]) return std::nullopt;
    }
    if (Result<> opened = open(); !opened) return pass(opened);
    sqlite::Rows rows = statement_.query(filled[0], filled[1], filled[2], filled[3], filled[4], filled[5],
                                         filled[6], filled[7]);
    std::string joined;
    for (std::size_t count = 0;; ++count) {
        Result<bool> row = rows.next();
        if (!row) return pass(row);
        if (!*row) break;
        if (expansion_limit_ > 0 && count >= expansion_limit_)
            return temporary(name() + ": more than expansion_limit results");
        std::optional<std::string> formatted = result_format_.fill(rows.text(0));
        if (!formatted || formatted->empty()) continue;
        joined += (joined.empty() ? "" : ",") + *formatted;
        if (joined.size() > limits::value) return temporary(name() + ": the result is too long");
    }
    if (joined.empty()) return std::nullopt;
    return joined;
}

}  // namespace ekiden::tables
