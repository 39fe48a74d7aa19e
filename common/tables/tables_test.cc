#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "common/tables/build.h"
#include "common/tables/cdb.h"
#include "common/tables/indexed.h"
#include "common/tables/lookup_order.h"
#include "common/tables/match_list.h"
#include "common/tables/network_list.h"
#include "common/tables/open.h"
#include "common/tables/sqlite_table.h"
#include "common/tables/text_entries.h"

namespace ekiden::tables {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
T now(Task<T> task) {
    task.start();
    EXPECT_TRUE(task.done()) << "local tables answer at once";
    return task.result();
}

std::string shown(const Found& found) {
    return !found ? "ERROR " + found.error().text : *found ? **found : "-";
}

class TablesTest : public testing::Test {
  protected:
    TablesTest() {
        std::string pattern = testing::TempDir() + "/tables-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        source_.files = &files_;
    }
    ~TablesTest() override { std::filesystem::remove_all(directory_); }

    std::unique_ptr<Table> table(const std::string& reference) {
        Result<std::unique_ptr<Table>> opened = open(reference, source_, findings_);
        EXPECT_TRUE(opened) << opened.error().text;
        return std::move(*opened);
    }
    Maps maps(const List& references) { return std::move(*Maps::open(references, source_, findings_)); }
    std::string find(const std::string& reference, const std::string& key) {
        return shown(now(table(reference)->find(key)));
    }
    bool has_in_list(const std::string& item, const std::string& address) {
        auto list = NetworkList::parse({item}, source_);
        return list && list->contains(*net::IpAddress::parse(address));
    }
    std::vector<std::string> told() {
        std::vector<std::string> lines;
        for (const config::Finding& finding : findings_) lines.push_back(format(finding));
        return lines;
    }

    std::string directory_;
    std::map<std::string, std::string, std::less<>> files_;
    Source source_;
    std::vector<config::Finding> findings_;
};

TEST_F(TablesTest, InlineStaticFail) {
    EXPECT_EQ(find("inline:{ a=1, { B = two words }, c= }", "b"), "two words");
    EXPECT_EQ(find("inline:{ a=1 }", "A"), "1");
    EXPECT_EQ(find("inline:{a=1,b=2}", "b"), "2");
    EXPECT_EQ(find("inline:{ a=1 }", "x"), "-");
    EXPECT_EQ(find("inline:{ a=1, a=2 }", "a"), "2") << "the last counts";
    EXPECT_EQ(find("static:OK", "anything"), "OK");
    EXPECT_EQ(find("static:{ 550 no }", "anything"), "550 no");
    EXPECT_EQ(find("fail:x", "k"), "ERROR fail:x always fails");
    EXPECT_EQ(find("proxy:static:OK", "x"), "OK");
    for (const char* bad : {"inline:x", "inline:{ x }", "inline:{}", "ldap:x", "plain", "hash"})
        EXPECT_FALSE(open(bad, source_, findings_)) << bad;
}

TEST_F(TablesTest, Texthash) {
    files_["/t"] = "# c\na@b.test  x,\n  y\n\"two words\" z\nA@B.test again\nnovalue\n\"open z\nalias: x\n";
    EXPECT_EQ(find("texthash:/t", "A@b.TEST"), "x,  y");
    EXPECT_THAT(told(), ElementsAre("/t, line 6: expected format: key whitespace value -- ignoring this line",
                                    "/t, line 7: unbalanced '\"' in '\"open z' -- ignoring this line",
                                    "/t, line 8: record is in \"key: value\" format; is this an alias file?",
                                    "/t, line 5: duplicate entry: \"a@b.test\" (the first counts)"));
    EXPECT_EQ(find("texthash:/t", "\"two words\""), "z") << "as a quoted local part is looked up";
    EXPECT_EQ(find("texthash:/t", "two words"), "-");
    EXPECT_FALSE(open("texthash:/other", source_, findings_));
}

TEST_F(TablesTest, Cidr) {
    files_["/c"] =
        "192.0.2.1 one\nif 192.0.2.0/24\n!192.0.2.0/25 upper\nendif\n2001:db8::/32 six\n0.0.0.0/0 rest\nx "
        "y\n";
    EXPECT_EQ(find("cidr:/c", "192.0.2.1"), "one");
    EXPECT_EQ(find("cidr:/c", "192.0.2.200"), "upper");
    EXPECT_EQ(find("cidr:/c", "10.0.0.1"), "rest") << "the negation outside its block would have matched";
    EXPECT_EQ(find("cidr:/c", "2001:db8::5"), "six");
    EXPECT_EQ(find("cidr:/c", "2001:db9::5"), "-");
    EXPECT_EQ(find("cidr:/c", "host.test"), "-");
    ASSERT_FALSE(findings_.empty());
    EXPECT_EQ(findings_[0].line, 7);
}

TEST_F(TablesTest, Regexp) {
    files_["/r"] =
        "/^(.+)@old\\.test$/ $1@new.test\n"
        "!/@/ no at\n"
        "if /^x/\n/y$/ ${0}\n/(y)z$/ $(1)$$\nendif\n"
        "/CASE/i exact\n"
        "|a/b| pipe\n"
        "/(/ bad\n/a/ $2\n/x/q v\n/novalue/\n";
    EXPECT_EQ(find("regexp:/r", "Bob@Old.test"), "Bob@new.test");
    EXPECT_EQ(find("regexp:/r", "plain"), "no at");
    EXPECT_EQ(find("regexp:/r", "x@yz"), "y$");
    EXPECT_EQ(find("regexp:/r", "@yz"), "-");
    EXPECT_EQ(find("regexp:/r", "@CASE"), "exact");
    EXPECT_EQ(find("regexp:/r", "@case"), "-");
    EXPECT_EQ(find("regexp:/r", "@a/b"), "pipe");
    std::vector<int> lines;
    findings_.clear();
    table("regexp:/r");
    for (const config::Finding& finding : findings_) lines.push_back(finding.line);
    EXPECT_THAT(lines, testing::UnorderedElementsAre(4, 9, 10, 11, 12));
}

TEST_F(TablesTest, RegexpIsLinear) {
    files_["/r"] = "/^(a+)+$/ x\n";
    EXPECT_EQ(find("regexp:/r", std::string(4000, 'a') + "b"), "-");
    files_["/b"] = "/(a)\\1/ x\n";
    table("regexp:/b");
    EXPECT_EQ(findings_.size(), 1u) << "back-references are refused";
}

TEST_F(TablesTest, Pcre) {
    files_["/p"] =
        "/^(.+)@old\\.test$/ $1@new.test\n"
        "/^(?<first>\\w)\\w*\\k<first>$/ same ends ${1}\n"
        "if !/^ahead/\n/only(?=here)/ looked\nendif\n"
        "/a b c/x spaced\n"
        "|x\\|y| bar\n"
        "/CASE/i exact\n"
        "/(/ bad\n/a/ $2\n/x/q v\n";
    EXPECT_EQ(find("pcre:/p", "Bob@Old.test"), "Bob@new.test");
    EXPECT_EQ(find("pcre:/p", "onyxo"), "same ends o");
    EXPECT_EQ(find("pcre:/p", "onlyhere"), "looked");
    EXPECT_EQ(find("pcre:/p", "ahead onlyhere"), "-");
    EXPECT_EQ(find("pcre:/p", "1abc2"), "spaced");
    EXPECT_EQ(find("pcre:/p", "x|y"), "bar");
    EXPECT_EQ(find("pcre:/p", "-y"), "-");
    EXPECT_EQ(find("pcre:/p", "1 CASE"), "exact");
    EXPECT_EQ(find("pcre:/p", "1 case"), "-");
    findings_.clear();
    table("pcre:/p");
    EXPECT_THAT(told(), testing::UnorderedElementsAre(HasSubstr("/p, line 9: error in regex at offset"),
                                                      HasSubstr("/p, line 10: the value refers to a group"),
                                                      HasSubstr("/p, line 11: unknown pcre option \"q\"")));
}

TEST_F(TablesTest, PcreIsBounded) {
    files_["/p"] = "/^(a+)+$/ x\n";
    EXPECT_EQ(find("pcre:/p", "aaa"), "x");
    auto begin = std::chrono::steady_clock::now();
    EXPECT_THAT(find("pcre:/p", std::string(4000, 'a') + "b"),
                testing::StartsWith("ERROR pcre:/p: the expression cannot be matched: "));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

TEST_F(TablesTest, TablesOfTables) {
    files_["/t"] = "a@b.test one\n";
    EXPECT_EQ(find("unionmap:{inline:{ x=1 }, static:2, inline:{ y=3 }}", "x"), "1,2");
    EXPECT_EQ(find("unionmap:{inline:{ x=1 }}", "y"), "-");
    EXPECT_EQ(find("unionmap:{static:1, fail:x}", "y"),
              "ERROR unionmap:{static:1, fail:x}: fail:x always fails");
    EXPECT_EQ(find("pipemap:{texthash:/t, inline:{ one=two }}", "A@b.test"), "two");
    EXPECT_EQ(find("pipemap:{texthash:/t, inline:{ x=two }}", "a@b.test"), "-");
    EXPECT_EQ(find("pipemap:{inline:{ x=y }, fail:z}", "a"), "-") << "the second is not asked";
    EXPECT_THAT(find("pipemap:{inline:{ x=y }, fail:z}", "x"), testing::StartsWith("ERROR"));
    EXPECT_EQ(find("debug:unionmap:{pipemap:{static:x, inline:{ x=1 }}, {static:{a b}}}", "k"), "1,a b");
    EXPECT_TRUE(table("unionmap:{inline:{ x=1 }, static:2}")->takes_whole_keys());
    EXPECT_FALSE(table("pipemap:{inline:{ x=1 }, static:2}")->takes_whole_keys());
    std::string deep = "static:x";
    for (int i = 0; i < 12; ++i) deep = "debug:" + deep;
    for (const std::string& bad : {std::string("unionmap:{}"), std::string("unionmap:static:x"),
                                   std::string("pipemap:{nosuch:x}"), std::string("debug:x"), deep})
        EXPECT_FALSE(open(bad, source_, findings_)) << bad;
}

TEST_F(TablesTest, OfTheProcess) {
    ::setenv("EKIDEN_TABLES_TEST", "set", 1);
    EXPECT_EQ(find("environ:x", "EKIDEN_TABLES_TEST"), "set");
    EXPECT_EQ(find("environ:x", "EKIDEN_TABLES_NONE"), "-");
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) seen.insert(find("randmap:{a, b}", "k"));
    EXPECT_EQ(seen, (std::set<std::string>{"a", "b"}));
    EXPECT_FALSE(open("randmap:{}", source_, findings_));
}

TEST_F(TablesTest, SystemUsers) {
    EXPECT_THAT(find("unix:passwd.byname", "root"), testing::StartsWith("root:"));
    EXPECT_THAT(find("unix:passwd.byname", "root"), HasSubstr(":0:0:"));
    EXPECT_THAT(find("unix:group.byname", "root"), testing::StartsWith("root:"));
    for (const std::string& none :
         {std::string("no-such-user"), std::string(""), std::string("root:x"), std::string("root\0", 5)})
        EXPECT_EQ(find("unix:passwd.byname", none), "-");
    EXPECT_EQ(find("unix:group.byname", "no-such-group"), "-");
    auto refused = open("unix:shadow.byname", source_, findings_);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text, HasSubstr("unknown table: unix:shadow.byname"));
}

TEST_F(TablesTest, Cdb) {
    std::string path = directory_ + "/t";
    EXPECT_THAT(find("cdb:" + path, "a"),
                testing::StartsWith("ERROR cannot open " + path + ".cdb (run: ekimap"));
    std::vector<TextEntry> entries;
    for (int i = 0; i < 2000; ++i) entries.push_back({"k" + std::to_string(i), "v" + std::to_string(i), i});
    for (bool with_nul : {false, true}) {
        ASSERT_TRUE(build_table("cdb", path + ".cdb", 0600, entries, with_nul));
        EXPECT_EQ(find("cdb:" + path, "K0"), "v0");
        EXPECT_EQ(find("cdb:" + path, "k1999"), "v1999");
        EXPECT_EQ(find("cdb:" + path, "k2000"), "-");
        source_.fold = false;
        EXPECT_EQ(find("cdb:" + path, "K0"), "-");
        source_.fold = true;
    }
    ASSERT_TRUE(build_table("cdb", path + ".cdb", 0600, {}));
    EXPECT_EQ(find("cdb:" + path, "k0"), "-");
}

TEST_F(TablesTest, DamagedCdbFilesOnlyFail) {
    std::string path = directory_ + "/t.cdb";
    std::string whole = *cdb_content({{"a", "1", 1}, {"b", "2", 2}}, false);
    for (std::size_t size = 0; size < whole.size(); size += 7) {
        std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, size);
        std::string found = find("cdb:" + directory_ + "/t", "a");
        EXPECT_TRUE(found.starts_with("ERROR") || found == "1") << size << ": " << found;
    }
    for (std::size_t at = 2048; at < whole.size(); ++at) {
        std::string broken = whole;
        broken[at] = static_cast<char>(broken[at] ^ 0xff);
        std::ofstream(path, std::ios::binary | std::ios::trunc) << broken;
        find("cdb:" + directory_ + "/t", "a");
    }
}

TEST_F(TablesTest, NoFileIsNoTable) {
    EXPECT_THAT(find("lmdb:" + directory_ + "/none", "a"), testing::StartsWith("ERROR cannot open"));
    std::ofstream(directory_ + "/bad.lmdb") << std::string(10'000, 'x');
    EXPECT_THAT(find("lmdb:" + directory_ + "/bad", "a"), testing::StartsWith("ERROR cannot read"));
    std::ofstream(directory_ + "/bad.cdb") << "short";
    EXPECT_THAT(find("cdb:" + directory_ + "/bad", "a"), HasSubstr("is no cdb file"));
}

TEST_F(TablesTest, OneBuilderAtATime) {
    auto first = BuildLock::take(directory_ + "/t.db", Milliseconds(0));
    ASSERT_TRUE(first);
    auto second = BuildLock::take(directory_ + "/t.db", Milliseconds(100));
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().text, HasSubstr("is locked"));
    first = temporary("");
    EXPECT_TRUE(BuildLock::take(directory_ + "/t.db", Milliseconds(0)));
}

TEST_F(TablesTest, IndexedIsReplacedWhole) {
    std::string path = directory_ + "/t";
    std::unique_ptr<Table> hash = table("hash:" + path);
    EXPECT_EQ(shown(now(hash->find("a"))), "ERROR cannot open " + path + ".db (run: ekimap hash:" + path +
                                               ", for aliases ekialias): No such file or directory");
    ASSERT_TRUE(build_table("hash", path + ".db", 0640, {{"a", "1", 1}, {"b", "2", 2}}));
    EXPECT_EQ(shown(now(hash->find("A"))), "1");
    EXPECT_EQ(std::filesystem::status(path + ".db").permissions(), static_cast<std::filesystem::perms>(0640));
    ASSERT_TRUE(build_table("hash", path + ".db", 0600, {{"a", "3", 1}}));
    // It is looked at once in a millisecond.
    auto in_time = [&](const char* wanted) {
        auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        while (!shown(now(hash->find("a"))).starts_with(wanted) && std::chrono::steady_clock::now() < end) {
        }
        return shown(now(hash->find("a")));
    };
    EXPECT_EQ(in_time("3"), "3") << "the replacement is noticed";
    EXPECT_EQ(shown(now(hash->find("b"))), "-");
    std::ofstream(path + ".db") << "not a table at all, but long enough to be read as one";
    EXPECT_EQ(in_time("ERROR "), "ERROR " + path + ".db is not a table built by ekimap (run: ekimap hash:" +
                                     path + ", for aliases ekialias)");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1)
        << "nothing is left beside it";
}

TEST_F(TablesTest, SqliteBindsTheKey) {
    std::string database = directory_ + "/d.db";
    {
        auto made = sqlite::Database::open(database);
        ASSERT_TRUE(made);
        ASSERT_TRUE(made->run_script(
            "CREATE TABLE a (k TEXT, v TEXT); INSERT INTO a VALUES ('u@d.test','one'),('u@d.test','two'),"
            "('it''s@d.test','quoted'),('u','local'),('test','label');"));
    }
    auto make = [&](const std::string& query, const std::string& more = "") {
        std::ofstream(directory_ + "/s.cf") << "dbpath = " << database << "\nquery = " << query << "\n"
                                            << more;
        return table("sqlite:" + directory_ + "/s.cf");
    };
    EXPECT_EQ(shown(now(make("SELECT v FROM a WHERE k = '%s' ORDER BY v")->find("u@d.test"))), "one,two");
    EXPECT_EQ(shown(now(make("SELECT v FROM a WHERE k = '%u@%d' LIMIT 1")->find("it's@d.test"))), "quoted");
    EXPECT_EQ(shown(now(make("SELECT v FROM a WHERE k = '%s' LIMIT 1")->find("It's@D.test"))), "quoted");
    EXPECT_EQ(shown(now(make("SELECT v FROM a WHERE k = %u")->find("u@x"))), "local");
    EXPECT_EQ(shown(now(make("SELECT v FROM a WHERE k = '%1'")->find("x@d.test"))), "label");
    EXPECT_EQ(shown(now(make("SELECT v FROM a WHERE k = '%d'")->find("nodomain"))), "-");
    EXPECT_EQ(shown(now(make("SELECT v FROM a WHERE k = '%s'")->find("x' OR '1'='1"))), "-");
    EXPECT_EQ(shown(now(make("SELECT v FROM a WHERE k = '%s'", "result_format = <%s>\n")->find("u"))),
              "<local>");
    EXPECT_EQ(shown(now(make("SELECT v FROM a WHERE k = '%s'", "domain = other.test\n")->find("u@d.test"))),
              "-");
    EXPECT_THAT(shown(now(make("SELECT v FROM a WHERE k = '%s'", "expansion_limit = 1\n")->find("u@d.test"))),
                testing::StartsWith("ERROR"));
    for (const char* bad :
         {"SELECT 1", "SELECT v FROM a WHERE k='%s", "SELECT %x", "SELECT v FROM a; DROP TABLE a; -- %s"})
        EXPECT_FALSE(parse_query(bad)) << bad;
}

TEST_F(TablesTest, MapsStopAtErrors) {
    Maps two = maps({"inline:{ a=1 }", "inline:{ a=2, b=3 }"});
    EXPECT_EQ(shown(now(two.find("a"))), "1");
    EXPECT_EQ(shown(now(two.find("b"))), "3");
    Maps broken = maps({"inline:{ a=1 }", "fail:x", "inline:{ b=3 }"});
    EXPECT_EQ(shown(now(broken.find("a"))), "1");
    EXPECT_EQ(shown(now(broken.find("b"))), "ERROR fail:x always fails");
    EXPECT_EQ(shown(now(two.find(std::string(5000, 'a')))), "-");
}

// The first one is whole, the others are parts.
std::vector<std::string> texts(const std::vector<Key>& keys) {
    std::vector<std::string> out;
    for (const Key& key : keys) {
        EXPECT_EQ(key.part, !out.empty()) << key.text;
        out.push_back(key.text);
    }
    return out;
}

TEST(LookupOrder, Keys) {
    EXPECT_THAT(texts(access_address_keys("User+x@Sub.D.test", "+", true)),
                ElementsAre("user+x@sub.d.test", "user@sub.d.test", "sub.d.test", "d.test", "test", "user+x@",
                            "user@"));
    EXPECT_THAT(texts(access_address_keys("u@d.test", "", false)),
                ElementsAre("u@d.test", "d.test", ".test", "u@"));
    EXPECT_THAT(texts(access_address_keys("alone", "", false)), ElementsAre("alone", "alone@"));
    EXPECT_THAT(texts(access_host_keys("A.B.test", true)), ElementsAre("a.b.test", "b.test", "test"));
    EXPECT_THAT(texts(access_host_keys("A.B.test", false)), ElementsAre("a.b.test", ".b.test", ".test"));
    EXPECT_THAT(texts(access_ip_keys("192.0.2.1")), ElementsAre("192.0.2.1", "192.0.2", "192.0", "192"));
    EXPECT_THAT(texts(access_ip_keys("2001:db8::1")), ElementsAre("2001:db8::1", "2001:db8", "2001"));
    EXPECT_THAT(texts(transport_keys("U+a@s.d.test", "+-", false)),
                ElementsAre("U+a@s.d.test", "u@s.d.test", "s.d.test", ".d.test", ".test", "*"));
    EXPECT_EQ(parts_of("+x@d", "+").user, "+x") << "a delimiter at the beginning separates nothing";
}

TEST_F(TablesTest, VirtualOrder) {
    Maps tables = maps({"inline:{ @d.test=catch, u@d.test=user }", "inline:{ v@d.test=second, w=bare }"});
    auto hit = [&](const std::string& address, bool local = false) {
        FoundHit found = now(find_virtual(tables, address, "+", local));
        return found && *found ? (*found)->value + (*found)->extension : "-";
    };
    EXPECT_EQ(hit("U+x@D.test"), "user+x");
    EXPECT_EQ(hit("v@d.test"), "second") << "not the catch-all of the first table";
    EXPECT_EQ(hit("other@d.test"), "catch");
    EXPECT_EQ(hit("w@e.test"), "-");
    EXPECT_EQ(hit("w@e.test", true), "bare");
}

TEST_F(TablesTest, PatternsSeeTheWholeOnce) {
    files_["/r"] = "/^user@/ user\n/^d\\.test$/ domain\n/^Mixed@/i case\n/^(.*)\\+x@/ is $1\n";
    Maps tables = maps({"regexp:/r", "inline:{ d.test=exact }"});
    auto first = [&](const std::string& address) {
        FoundHit found = now(find_first(tables, transport_keys(address, "+", true)));
        return found && *found ? (*found)->value : "-";
    };
    EXPECT_EQ(first("user@d.test"), "user");
    EXPECT_EQ(first("user+y@d.test"), "exact") << "no extension is taken off, no domain asked for";
    EXPECT_EQ(first("Mixed@d.test"), "case");
    EXPECT_EQ(first("mixed@d.test"), "exact");
    EXPECT_EQ(first("A+x@d.test"), "is A");
    Maps two = maps({"inline:{ d.test=domain }", "inline:{ u@d.test=user }"});
    EXPECT_EQ((*now(find_first(two, transport_keys("u@d.test", "", true))))->value, "user")
        << "not the domain of the first table";
}

TEST_F(TablesTest, MatchLists) {
    files_["/more"] = "# more\nfile.test,\n  !not.file.test .below.test\n";
    files_["/nets"] = "10.0.0.0/8 OK\n";
    auto list = [&](const List& items, bool parents = false) {
        return std::move(*MatchList::make(items, parents, source_, findings_));
    };
    auto has = [&](const MatchList& l, const std::string& domain) { return *now(l.has_domain(domain)); };
    MatchList domains = list({"a.test", "!b.c.test", ".c.test", "/more", "inline:{ t.test=x }"});
    for (const char* in : {"A.test", "x.c.test", "file.test", "x.below.test", "t.test"})
        EXPECT_TRUE(has(domains, in)) << in;
    for (const char* out : {"x.a.test", "c.test", "b.c.test", "not.file.test", "below.test", "x.t.test", ""})
        EXPECT_FALSE(has(domains, out)) << out;
    EXPECT_TRUE(has(list({"a.test"}, true), "x.a.test"));
    EXPECT_FALSE(has(list({"a.test"}, true), "xa.test"));

    auto has_client = [&](const MatchList& l, const char* name, const char* address) {
        return *now(l.has_client(name, *net::IpAddress::parse(address)));
    };
    MatchList clients =
        list({"127.0.0.0/8", "!192.0.2.9", "192.0.2.0/24", "[2001:db8::]/32", "cidr:/nets", "host.test"});
    EXPECT_TRUE(has_client(clients, "", "127.0.0.1"));
    EXPECT_TRUE(has_client(clients, "", "192.0.2.8"));
    EXPECT_FALSE(has_client(clients, "", "192.0.2.9"));
    EXPECT_TRUE(has_client(clients, "", "2001:db8::1"));
    EXPECT_TRUE(has_client(clients, "", "10.1.2.3"));
    EXPECT_TRUE(has_client(clients, "host.test", "203.0.113.1"));
    EXPECT_FALSE(has_client(clients, "", "203.0.113.1"));
    EXPECT_FALSE(MatchList::make({"300.1.1.1"}, false, source_, findings_));
    EXPECT_FALSE(MatchList::make({"/nowhere"}, false, source_, findings_));
}

// Postfix 3.7 takes the rules of a table of patterns in its name.
TEST_F(TablesTest, RulesInTheName) {
    EXPECT_EQ(find("pcre:{{/a/ b}}", "xa"), "b");
    EXPECT_EQ(find("pcre:{ { /(x)/ y$1 }, {/z/ two words} }", "x"), "yx");
    EXPECT_EQ(find("regexp:{{/a/ b} {/z/ two words}}", "z"), "two words");
    EXPECT_EQ(find("cidr:{{10.0.0.0/8 ok}, {!10.0.0.0/8 other}}", "10.1.1.1"), "ok");
    EXPECT_EQ(find("cidr:{{if 10.0.0.0/8}, {10.1.1.1 two}, {endif}}", "10.1.1.1"), "two");
    EXPECT_EQ(find("unionmap:{pcre:{{/a/ b}},inline:{a=c}}", "a"), "b,c");
    EXPECT_EQ(find("regexp:{ }", "a"), "-");
    EXPECT_THAT(told(), ElementsAre());
    EXPECT_EQ(find("pcre:{{/a b}, {/a/ c}}", "a"), "c");
    EXPECT_THAT(told(), ElementsAre(HasSubstr("{{/a b}, {/a/ c}}, line 1: ")));
    for (const char* bad : {"pcre:{/a/ b}", "pcre:{{/a/ b}", "pcre:{{/a/ b}}x", "cidr:{{10.0.0.1 x}, endif}"})
        EXPECT_FALSE(open(bad, source_, findings_)) << bad;
    EXPECT_TRUE(has_in_list("cidr:{{192.0.2.0/24 x}}", "192.0.2.1"));
}

TEST_F(TablesTest, NetworkLists) {
    files_["/nets"] = "10.0.0.0/8 OK\n";
    files_["/more"] = "# ours\n203.0.113.0/24,\n  !203.0.113.9 cidr:/nets\n";
    auto list = NetworkList::parse(
        {"!192.0.2.7", "192.0.2.0/24", "/more", "!cidr:/nets",
         "debug:unionmap:{inline:{ 198.51.100.7=x }, inline:{ 9.9.9.9=y }}", "[2001:db8::]/32"},
        source_);
    ASSERT_TRUE(list) << list.error().text;
    NetworkList copy = *list;
    for (const char* in : {"192.0.2.1", "203.0.113.1", "10.9.9.9", "198.51.100.7", "2001:db8::1"})
        EXPECT_TRUE(copy.contains(*net::IpAddress::parse(in))) << in;
    for (const char* out : {"192.0.2.7", "198.51.100.8", "127.0.0.1", "::1"})
        EXPECT_FALSE(copy.contains(*net::IpAddress::parse(out))) << out;
    files_["/more"] = "203.0.113.9\n!203.0.113.0/24\n";
    auto negated = NetworkList::parse({"!/more", "0.0.0.0/0"}, source_);
    ASSERT_TRUE(negated) << negated.error().text;
    EXPECT_FALSE(negated->contains(*net::IpAddress::parse("203.0.113.9")));
    EXPECT_TRUE(negated->contains(*net::IpAddress::parse("203.0.113.8"))) << "twice not";
    EXPECT_TRUE(negated->contains(*net::IpAddress::parse("8.8.8.8")));
}

TEST_F(TablesTest, NetworkListsRefuseWhatTheyCannotAnswer) {
    files_["/circle"] = "/circle\n";
    files_["/bad"] = "10.0.0.1\n300.1.1.1\n";
    for (const char* bad : {"hash:/x", "sqlite:/x", "300.1.1.1", "10.0.0.1/8", "host.test", "/nowhere",
                            "cidr:/nowhere", "/circle", "/bad", "nisplus:x", "cdb:/x", "unix:passwd.byname",
                            "unionmap:{static:x, hash:/x}", "socketmap:unix:/x:y", "debug:sqlite:/x"})
        EXPECT_FALSE(NetworkList::parse({bad}, source_)) << bad;
    auto refused = NetworkList::parse({"hash:/x"}, source_);
    EXPECT_THAT(refused.error().text, HasSubstr("hash:/x cannot be looked up in a list of networks"));
    EXPECT_THAT(refused.error().text, HasSubstr("cidr:/file"));
    EXPECT_THAT(NetworkList::parse({"/bad"}, source_).error().text,
                testing::StartsWith("/bad, line 2: \"300.1.1.1\""));
}

}  // namespace
}  // namespace ekiden::tables
