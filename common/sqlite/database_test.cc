#include "common/sqlite/database.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace ekiden::sqlite {
namespace {

constexpr std::string_view schema[] = {
    "CREATE TABLE note (id INTEGER PRIMARY KEY, body BLOB, title TEXT UNIQUE)",
    "ALTER TABLE note ADD COLUMN weight INTEGER",
};

class SqliteTest : public testing::Test {
  protected:
    SqliteTest() {
        std::string pattern = testing::TempDir() + "ekiden-sqlite-XXXXXX";
        directory_ = mkdtemp(pattern.data());
    }
    ~SqliteTest() override { std::filesystem::remove_all(directory_); }
    std::string path() const { return directory_ + "/a b?.db"; }
    Database opened(const Options& options = {}) {
        Result<Database> database = Database::open(path(), options);
        EXPECT_TRUE(database) << (database ? "" : database.error().text);
        if (!database) return {};
        Result<> migrated = database->migrate(schema);
        EXPECT_TRUE(migrated) << (migrated ? "" : migrated.error().text);
        return std::move(*database);
    }
    std::string directory_;
};

TEST_F(SqliteTest, EveryTypeComesBack) {
    Database database = opened();
    std::string octets("\0\xff\n", 3);
    std::optional<std::int64_t> none;
    ASSERT_TRUE(
        database.run("INSERT INTO note (body, title, weight) VALUES (?, ?, ?)", Blob{octets}, "会議", none));
    ASSERT_TRUE(database.run("INSERT INTO note (body, title, weight) VALUES (?, ?, ?)", nullptr,
                             std::string_view{}, INT64_MIN));
    EXPECT_EQ(database.last_insert_id(), 2);
    Statement statement = database.prepare("SELECT body, title, weight FROM note ORDER BY id").value();
    Rows rows = statement.query();
    ASSERT_EQ(rows.next(), true);
    EXPECT_EQ(rows.blob(0), octets);
    EXPECT_EQ(rows.text(1), "会議");
    EXPECT_TRUE(rows.is_null(2));
    ASSERT_EQ(rows.next(), true);
    EXPECT_TRUE(rows.is_null(0));
    EXPECT_FALSE(rows.is_null(1));
    EXPECT_EQ(rows.text(1), "");
    EXPECT_EQ(rows.number(2), INT64_MIN);
    EXPECT_EQ(rows.next(), false);
}

TEST_F(SqliteTest, FileIsPrivate) {
    Database database = opened();
    for (const char* suffix : {"", "-wal", "-shm"}) {
        struct stat status{};
        ASSERT_EQ(stat((path() + suffix).c_str(), &status), 0) << suffix;
        EXPECT_EQ(status.st_mode & 0777, 0600u) << suffix;
    }
}

TEST_F(SqliteTest, UncommittedWorkIsGone) {
    Database database = opened();
    {
        Transaction transaction = Transaction::begin(database).value();
        ASSERT_TRUE(database.run("INSERT INTO note (title) VALUES ('a')"));
    }
    EXPECT_EQ(database.number("SELECT count(*) FROM note").value_or(-1), 0);
    {
        Transaction transaction = Transaction::begin(database).value();
        ASSERT_TRUE(database.run("INSERT INTO note (title) VALUES ('a')"));
        ASSERT_TRUE(transaction.commit());
    }
    EXPECT_EQ(database.number("SELECT count(*) FROM note").value_or(-1), 1);
}

TEST_F(SqliteTest, ConstraintIsPermanentAndFullDiskIsTemporary) {
    Database database = opened();
    ASSERT_TRUE(database.run("INSERT INTO note (title) VALUES ('a')"));
    Result<> twice = database.run("INSERT INTO note (title) VALUES ('a')");
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().kind, ErrorKind::permanent);

    ASSERT_TRUE(database.run_script("PRAGMA max_page_count=8"));
    Result<> full = database.run("INSERT INTO note (body) VALUES (zeroblob(1000000))");
    ASSERT_FALSE(full);
    EXPECT_TRUE(full.error().temporary()) << full.error().text;
    EXPECT_EQ(database.number("SELECT count(*) FROM note").value_or(-1), 1);
}

TEST_F(SqliteTest, AnotherWritersLockIsWaitedForAndThenTemporary) {
    Options impatient;
    impatient.busy_timeout = Milliseconds(1);
    Database first = opened(impatient), second = opened(impatient);
    Transaction held = Transaction::begin(first).value();
    Result<> blocked = second.run("INSERT INTO note (title) VALUES ('b')");
    ASSERT_FALSE(blocked);
    EXPECT_TRUE(blocked.error().temporary());
    EXPECT_EQ(second.number("SELECT count(*) FROM note").value_or(-1), 0) << "readers are not blocked";
}

TEST_F(SqliteTest, NewerSchemaIsRefused) {
    {
        Database database = opened();
        ASSERT_TRUE(database.run_script("PRAGMA user_version=9"));
    }
    Database again = Database::open(path()).value();
    Result<> migrated = again.migrate(schema);
    ASSERT_FALSE(migrated);
    EXPECT_EQ(migrated.error().kind, ErrorKind::permanent);
}

TEST_F(SqliteTest, MigrationContinuesWhereItStood) {
    {
        Database database = Database::open(path()).value();
        ASSERT_TRUE(database.migrate(std::span(schema).first(1)));
        ASSERT_TRUE(database.run("INSERT INTO note (title) VALUES ('old')"));
    }
    Database database = opened();
    EXPECT_EQ(database.number("PRAGMA user_version").value_or(-1), 2);
    EXPECT_EQ(database.number("SELECT count(*) FROM note WHERE weight IS NULL").value_or(-1), 1);
}

TEST_F(SqliteTest, DataVersionTellsOfOthersCommits) {
    Database reader = opened(), writer = opened();
    Result<std::int64_t> before = reader.data_version();
    ASSERT_TRUE(writer.run("INSERT INTO note (title) VALUES ('x')"));
    EXPECT_NE(reader.data_version().value_or(-1), before.value_or(-1));
}

TEST_F(SqliteTest, AnExclusiveOneSharesNothing) {
    Database database = opened({.exclusive = true});
    ASSERT_TRUE(database.run("INSERT INTO note (title) VALUES ('a')"));
    EXPECT_FALSE(std::filesystem::exists(path() + "-shm"));
    Result<Database> other = Database::open(path(), {.busy_timeout = Milliseconds(0)});
    ASSERT_FALSE(other);
    EXPECT_TRUE(other.error().temporary());
    database = Database();
    EXPECT_EQ(opened().number("SELECT count(*) FROM note"), 1);
}

// SQLite opens such a file for reading, and would refuse all changes for as long as it is open.
TEST_F(SqliteTest, AFileThatCannotBeWrittenIsNotOpenedForWriting) {
    {
        Database database = opened();
    }
    std::filesystem::permissions(directory_, std::filesystem::perms::all);
    ASSERT_EQ(chmod(path().c_str(), 0444), 0);
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        constexpr uid_t nobody = 65534;
        if (geteuid() == 0 && setresuid(nobody, nobody, nobody) != 0) _exit(2);
        Result<Database> database = Database::open(path(), {.access = Access::read_write});
        _exit(!database && database.error().temporary() ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

TEST_F(SqliteTest, ImmutableReaderNeedsNoLogFiles) {
    {
        Options whole;
        whole.write_ahead_log = false;
        Database database = opened(whole);
        ASSERT_TRUE(database.run("INSERT INTO note (title) VALUES ('x')"));
    }
    Options reading;
    reading.access = Access::immutable;
    Database database = Database::open(path(), reading).value();
    EXPECT_EQ(database.number("SELECT count(*) FROM note").value_or(-1), 1);
    EXPECT_FALSE(database.run("DELETE FROM note"));
    EXPECT_FALSE(std::filesystem::exists(path() + "-wal"));
}

TEST_F(SqliteTest, ImageIsAFile) {
    Database database = Database::open(":memory:").value();
    ASSERT_TRUE(database.run_script("CREATE TABLE t (a); INSERT INTO t VALUES (42)"));
    std::string image = database.image().value();
    std::ofstream(path(), std::ios::binary) << image;
    Options reading;
    reading.access = Access::immutable;
    EXPECT_EQ(Database::open(path(), reading).value().number("SELECT a FROM t").value_or(-1), 42);
}

TEST_F(SqliteTest, MissingFileIsAnErrorUnlessItMayBeMade) {
    Options existing;
    existing.access = Access::read_write;
    EXPECT_FALSE(Database::open(path(), existing));
    EXPECT_FALSE(std::filesystem::exists(path()));
}

// What the sandbox does to a worker: opened, then the directory is out of reach, then many commits and
// checkpoints.
TEST_F(SqliteTest, WorksAfterItsPathIsOutOfReach) {
    Options small;
    small.checkpoint_pages = 4;
    Database database = opened(small);
    std::string moved = directory_ + "-moved";
    std::filesystem::rename(directory_, moved);
    for (int i = 0; i < 200; ++i)
        ASSERT_TRUE(database.run("INSERT INTO note (body) VALUES (zeroblob(3000))")) << i;
    EXPECT_TRUE(database.checkpoint());
    EXPECT_EQ(database.number("SELECT count(*) FROM note").value_or(-1), 200);
    database = Database();
    std::filesystem::rename(moved, directory_);
    EXPECT_EQ(opened().number("SELECT count(*) FROM note").value_or(-1), 200);
}

}  // namespace
}  // namespace ekiden::sqlite
