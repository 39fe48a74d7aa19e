#include "queue/router/directory.h"

#include "common/text/ascii.h"

namespace ekiden::router {
namespace {

constexpr std::int64_t application_id = 1164667236;
constexpr std::int64_t version = 2;

std::optional<std::uint32_t> id_at(const sqlite::Rows& rows, int column) {
    if (rows.is_null(column)) return std::nullopt;
    return static_cast<std::uint32_t>(rows.number(column));
}

}  // namespace

Result<> Directory::reopen_if_changed() {
    Result<bool> changed = file_.changed();
    if (!changed) return pass(changed);
    if (database_ && !*changed) return {};
    domain_ = {}, mailbox_ = {}, alias_ = {};
    database_ = {};
    Result<sqlite::Database> opened =
        sqlite::Database::open(file_.path(), {.access = sqlite::Access::immutable});
    if (!opened) return pass(opened);
    Result<std::int64_t> id = opened->number("PRAGMA application_id");
    Result<std::int64_t> form = opened->number("PRAGMA user_version");
    if (!id || *id != application_id || !form || *form != version)
        return temporary(file_.path() + " is not a directory in the form that this release reads");
    Result<sqlite::Statement> domain = opened->prepare("SELECT 1 FROM domain WHERE name = ?");
    Result<sqlite::Statement> mailbox =
        opened->prepare("SELECT path, quota, uid, gid FROM mailbox WHERE address = ?");
    Result<sqlite::Statement> alias =
        opened->prepare("SELECT target FROM alias WHERE address = ? ORDER BY target");
    if (!domain) return pass(domain);
    if (!mailbox) return pass(mailbox);
    if (!alias) return pass(alias);
    domain_ = std::move(*domain), mailbox_ = std::move(*mailbox), alias_ = std::move(*alias);
    database_ = std::move(*opened);
    return {};
}

Result<bool> Directory::has_domain(std::string_view domain) {
    if (Result<> open = reopen_if_changed(); !open) return pass(open);
    sqlite::Rows rows = domain_.query(text::to_lower(domain));
    return rows.next();
}

Result<std::optional<DirectoryMailbox>> Directory::mailbox(std::string_view address) {
    if (Result<> open = reopen_if_changed(); !open) return pass(open);
    sqlite::Rows rows = mailbox_.query(text::to_lower(address));
    Result<bool> row = rows.next();
    if (!row) return pass(row);
    if (!*row) return std::nullopt;
    return DirectoryMailbox{std::string(rows.text(0)), static_cast<std::uint64_t>(rows.number(1)),
                            id_at(rows, 2), id_at(rows, 3)};
}

Result<std::vector<std::string>> Directory::aliases(std::string_view address) {
    if (Result<> open = reopen_if_changed(); !open) return pass(open);
    std::vector<std::string> targets;
    sqlite::Rows rows = alias_.query(text::to_lower(address));
    while (true) {
        Result<bool> row = rows.next();
        if (!row) return pass(row);
        if (!*row) return targets;
        targets.emplace_back(rows.text(0));
    }
}

}  // namespace ekiden::router
