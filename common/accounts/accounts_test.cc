#include "common/accounts/accounts.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "common/accounts/commands.h"
#include "common/accounts/directory.h"
#include "common/base/owned_fd.h"
#include "common/sasl/random.h"

namespace ekiden::accounts {
namespace {

using testing::Contains;
using testing::ElementsAre;
using Words = std::vector<std::string>;

TEST(Name, Normalized) {
    Name name = parse_name("Bob.O'Neil+x@Example.TEST").value();
    EXPECT_EQ(name.address(), "bob.o'neil+x@example.test");
    EXPECT_EQ(name.mailbox(), "example.test/bob.o'neil+x/");
    EXPECT_EQ(parse_name("会議@例え.jp").value().address(), "会議@例え.jp");
    EXPECT_EQ(parse_alias("@Example.test").value(), "@example.test");
}

TEST(Name, RefusesWhatCouldBeAPathOrBreakALine) {
    for (std::string_view bad :
         {"bob", "", "@example.test", "bob@", "a@b@example.test", "../bob@example.test", ".bob@example.test",
          "bob.@example.test", "a/b@example.test", "a b@example.test", "bob@..", "bob@a..b", "bob@../../x",
          "bob@-a.test", "bob@example.test.", "\"b\"@a.test", "b\n@a.test", "b@a\n.test"})
        EXPECT_FALSE(parse_name(bad)) << bad;
    EXPECT_FALSE(parse_name(std::string(65, 'a') + "@example.test"));
    EXPECT_FALSE(parse_name("a@" + std::string(64, 'a') + ".test"));
}

class AccountsTest : public testing::Test {
  protected:
    AccountsTest() : clock_(1'700'000'000'000'000) {
        sasl::initialize();
        std::string pattern = testing::TempDir() + "ekiden-accounts-XXXXXX";
        directory_ = mkdtemp(pattern.data());
        accounts_.emplace(Accounts::open(path(), sqlite::Access::create, clock_).value());
        key_.emplace(sasl::SealingKey::load_or_create(directory_ + "/key").value());
        commands_.emplace(*accounts_, *key_, CommandPolicy{{1, 8}, {"own.test"}});
    }
    ~AccountsTest() override { std::filesystem::remove_all(directory_); }
    std::string path() const { return directory_ + "/accounts.db"; }
    CommandResult run(const Words& words, std::string password = {}) {
        Secret secret(password);
        return commands_->run(words, password.empty() ? nullptr : &secret);
    }

    ManualClock clock_;
    std::string directory_;
    std::optional<Accounts> accounts_;
    std::optional<sasl::SealingKey> key_;
    std::optional<Commands> commands_;
};

TEST_F(AccountsTest, LifeOfAnAccount) {
    EXPECT_EQ(run({"add", "bob@example.test"}, "secret").exit_status, EX_NOUSER) << "no such domain";
    EXPECT_EQ(run({"domain", "add", "Example.test"}).exit_status, 0);
    EXPECT_EQ(run({"domain", "add", "example.test"}).exit_status, EX_NOPERM);
    CommandResult added = run({"add", "Bob@example.test", "-q", "5M"}, "secret");
    EXPECT_EQ(added.exit_status, 0) << added.lines[0];
    EXPECT_TRUE(added.changed);
    EXPECT_EQ(run({"add", "bob@example.test"}, "secret").exit_status, EX_NOPERM);
    EXPECT_EQ(run({"test-login", "bob@example.test"}, "secret").exit_status, 0);
    EXPECT_EQ(run({"test-login", "bob@example.test"}, "Secret").exit_status, EX_NOPERM);
    EXPECT_EQ(run({"test-login", "eve@example.test"}, "Secret").exit_status, EX_NOUSER);
    CommandResult changed = run({"passwd", "bob@example.test"}, "other");
    EXPECT_EQ(changed.touched, "bob@example.test");
    EXPECT_EQ(run({"test-login", "bob@example.test"}, "other").exit_status, 0);
    EXPECT_EQ(run({"disable", "bob@example.test"}).exit_status, 0);
    EXPECT_EQ(run({"test-login", "bob@example.test"}, "other").exit_status, EX_NOPERM);
    EXPECT_THAT(run({"list"}).lines, ElementsAre("bob@example.test disabled"));
    EXPECT_EQ(run({"enable", "bob@example.test"}).exit_status, 0);
    EXPECT_THAT(run({"show", "bob@example.test"}).lines,
                testing::AllOf(Contains("enabled: yes"), Contains("quota: 5242880"), Contains("apop: no"),
                               Contains("mailbox: example.test/bob/")));
    EXPECT_EQ(run({"domain", "delete", "example.test"}).exit_status, EX_NOPERM);
    EXPECT_EQ(run({"delete", "bob@example.test"}).exit_status, 0);
    EXPECT_EQ(run({"delete", "bob@example.test"}).exit_status, EX_NOUSER);
    EXPECT_EQ(run({"domain", "delete", "example.test"}).exit_status, 0);
    EXPECT_THAT(run({"domain", "list"}).lines, ElementsAre());
}

TEST_F(AccountsTest, MailboxesOfOnesOwnChoice) {
    for (std::string_view path : {"boxes/bob", "boxes/bob/", "..bob"}) {
        EXPECT_EQ(run({"add", "bob@own.test", "--mailbox", std::string(path)}, "secret").exit_status, 0);
        EXPECT_THAT(run({"show", "bob@own.test"}).lines, Contains("mailbox: " + std::string(path)));
        EXPECT_EQ(run({"delete", "bob@own.test"}).exit_status, 0);
    }
    for (std::string_view path : {"", "/etc/bob", "../bob", "a/./b", "a\nb"})
        EXPECT_EQ(run({"add", "bob@own.test", "-m", std::string(path)}, "secret").exit_status, EX_DATAERR)
            << path;
}

TEST_F(AccountsTest, MailboxesOfVersion1WereMaildirs) {
    EXPECT_EQ(run({"add", "bob@own.test"}, "secret").exit_status, 0);
    EXPECT_EQ(run({"add", "eve@own.test", "-m", "eve/"}, "secret").exit_status, 0);
    {
        sqlite::Database database = sqlite::Database::open(directory_ + "/accounts.db").value();
        ASSERT_TRUE(
            database.run_script("UPDATE account SET mailbox = 'own.test/bob' WHERE address LIKE 'bob%';"
                                "PRAGMA user_version=1"));
    }
    Accounts migrated =
        Accounts::open(directory_ + "/accounts.db", sqlite::Access::read_write, clock_).value();
    EXPECT_EQ(migrated.find("bob@own.test").value()->mailbox, "own.test/bob/");
    EXPECT_EQ(migrated.find("eve@own.test").value()->mailbox, "eve/");
}

TEST_F(AccountsTest, OwnDomainsComeWithTheirFirstAccount) {
    EXPECT_EQ(run({"add", "--apop", "--quota", "1G", "bob@Own.test"}, "secret").exit_status, 0);
    EXPECT_THAT(run({"domain", "list"}).lines, ElementsAre("own.test"));
    EXPECT_EQ(run({"add", "a@own.test", "b@own.test"}, "secret").exit_status, EX_USAGE);
}

TEST_F(AccountsTest, ApopSecretFollowsThePassword) {
    run({"add", "bob@example.test", "-d", "-a"}, "one");
    auto secret = [&] {
        Account account = **accounts_->find("bob@example.test");
        return account.sealed_secret.empty()
                   ? std::string("(none)")
                   : std::string(key_->open(account.sealed_secret, account.address)->reveal());
    };
    EXPECT_EQ(secret(), "one");
    run({"passwd", "bob@example.test"}, "two");
    EXPECT_EQ(secret(), "two");
    EXPECT_TRUE(accounts_->any_sealed().value());
    EXPECT_EQ(run({"apop", "bob@example.test", "off"}).exit_status, 0);
    EXPECT_EQ(secret(), "(none)");
    EXPECT_FALSE(accounts_->any_sealed().value());
    run({"passwd", "bob@example.test"}, "three");
    EXPECT_EQ(secret(), "(none)");
    EXPECT_EQ(run({"apop", "bob@example.test", "on"}, "wrong").exit_status, EX_NOPERM);
    EXPECT_EQ(run({"apop", "bob@example.test", "on"}, "three").exit_status, 0);
    EXPECT_EQ(secret(), "three");
}

TEST_F(AccountsTest, SendersThatAreOnesOwn) {
    run({"add", "bob@example.test", "-d"}, "secret");
    run({"add", "eve@example.test"}, "secret");
    run({"alias", "add", "sales@example.test", "bob@example.test"});
    run({"alias", "add", "@example.test", "bob@example.test"});
    auto owns = [&](std::string_view login, std::string_view sender) {
        std::vector<std::string> owners = accounts_->sender_owners(sender).value();
        return std::ranges::find(owners, login) != owners.end();
    };
    EXPECT_TRUE(owns("bob@example.test", "bob@example.test"));
    EXPECT_TRUE(owns("bob@example.test", "BOB@Example.Test"));
    EXPECT_TRUE(owns("bob@example.test", "sales@example.test"));
    EXPECT_TRUE(owns("bob@example.test", "anything@example.test")) << "the catch-all is his";
    EXPECT_FALSE(owns("bob@example.test", "eve@example.test")) << "an account of its own";
    EXPECT_FALSE(owns("eve@example.test", "sales@example.test"));
    EXPECT_FALSE(owns("bob@example.test", ""));
    EXPECT_FALSE(owns("bob@example.test", "bob@remote.test"));
    EXPECT_FALSE(owns("bob@example.test", "bob"));
}

TEST_F(AccountsTest, Aliases) {
    run({"domain", "add", "example.test"});
    EXPECT_EQ(run({"alias", "add", "a@example.test", "bob@remote.test"}).exit_status, 0);
    EXPECT_EQ(run({"alias", "add", "a@example.test", "eve@remote.test"}).exit_status, 0);
    EXPECT_EQ(run({"alias", "add", "a@example.test", "eve@remote.test"}).exit_status, EX_NOPERM);
    EXPECT_EQ(run({"alias", "add", "a@example.test", "a@example.test"}).exit_status, EX_NOPERM);
    EXPECT_EQ(run({"alias", "add", "a@elsewhere.test", "eve@remote.test"}).exit_status, EX_NOUSER);
    EXPECT_EQ(run({"alias", "add", "a", "eve@remote.test"}).exit_status, EX_DATAERR);
    EXPECT_THAT(run({"alias", "list"}).lines,
                ElementsAre("a@example.test bob@remote.test", "a@example.test eve@remote.test"));
    EXPECT_EQ(run({"alias", "delete", "a@example.test", "bob@remote.test"}).exit_status, 0);
    EXPECT_EQ(run({"alias", "delete", "a@example.test"}).exit_status, 0);
    EXPECT_EQ(run({"alias", "delete", "a@example.test"}).exit_status, EX_NOUSER);
}

TEST_F(AccountsTest, UsageIsAnsweredWithUsage) {
    for (const Words& words : std::initializer_list<Words>{{},
                                                           {"frobnicate"},
                                                           {"show"},
                                                           {"domain"},
                                                           {"alias", "add", "x@y.test"},
                                                           {"quota", "bob@example.test"}})
        EXPECT_EQ(run(words).exit_status, EX_USAGE);
    EXPECT_EQ(run({"add", "bob@example.test"}).exit_status, EX_USAGE) << "no password";
    EXPECT_EQ(run({"add", "bob@example.test", "-z"}, "secret").exit_status, EX_USAGE);
    EXPECT_EQ(run({"add", "bob@example.test", "-q", "x"}, "secret").exit_status, EX_DATAERR);
}

TEST_F(AccountsTest, DirectoryHoldsNamesButNoSecrets) {
    run({"add", "bob@example.test", "-d", "-a", "-q", "1k"}, "hunter2hunter2");
    run({"alias", "add", "sales@example.test", "bob@example.test"});
    std::string image = directory_image(*accounts_, 1'700'000'000).value();
    EXPECT_EQ(image.find("hunter2"), std::string::npos);
    EXPECT_EQ(image.find("argon2"), std::string::npos);
    OwnedFd directory(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY));
    ASSERT_TRUE(replace_file(directory.get(), "directory.db", image, 0644));
    ASSERT_TRUE(replace_file(directory.get(), "directory.db", image, 0644));
    struct stat status{};
    ASSERT_EQ(stat((directory_ + "/directory.db").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0644u);
    EXPECT_FALSE(std::filesystem::exists(directory_ + "/.directory.db.new"));
    sqlite::Options options;
    options.access = sqlite::Access::immutable;
    sqlite::Database database = sqlite::Database::open(directory_ + "/directory.db", options).value();
    EXPECT_EQ(database.number("PRAGMA user_version").value(), directory_version);
    EXPECT_EQ(database.number("SELECT quota FROM mailbox WHERE address = 'bob@example.test'").value(), 1024);
    EXPECT_EQ(database.number("SELECT count(*) FROM alias").value(), 1);
    EXPECT_EQ(database.number("SELECT count(*) FROM domain").value(), 1);
}

TEST_F(AccountsTest, LookupsSeeAnothersChanges) {
    Accounts reader = Accounts::open(path(), sqlite::Access::read_only, clock_).value();
    EXPECT_FALSE(reader.find("bob@example.test").value());
    run({"add", "bob@example.test", "-d"}, "secret");
    EXPECT_TRUE(reader.find("bob@example.test").value());
}

}  // namespace
}  // namespace ekiden::accounts
