#include "common/config/settings.h"

#include <gtest/gtest.h>

#include <set>

#include "common/config/expand.h"

namespace ekiden {
namespace {

std::string expanded(std::string_view text, RawValues values = {}) {
    Result<std::string> result =
        config::expand(text, [&](std::string_view name) -> std::optional<std::string> {
            auto found = values.find(name);
            if (found == values.end()) return std::nullopt;
            return found->second;
        });
    return result ? *result : "ERROR " + result.error().text;
}

TEST(Expand, EveryForm) {
    RawValues values{{"a", "1"}, {"b", "$a$a"}, {"empty", ""}, {"ten", "10"}, {"nine", "9"}};
    for (auto [text, wanted] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
             {"", ""},
             {"plain", "plain"},
             {"$a", "1"},
             {"${a}", "1"},
             {"$(a)", "1"},
             {"x$b.y", "x11.y"},
             {"$nothing", ""},
             {"$$a", "$a"},
             {"${a?yes}", "yes"},
             {"${empty?yes}", ""},
             {"${empty:no}", "no"},
             {"${a:no}", ""},
             {"${a?{yes}:{no}}", "yes"},
             {"${empty?{yes}:{no}}", "no"},
             {"${a?$b}", "11"},
             {"${a ? {x y} : {z}}", "x y"},
             {"${{$ten} > {$nine} ? {numbers} : {text}}", "numbers"},
             {"${{10a} < {9a} ? {text} : {numbers}}", "text"},
             {"${{a} == {a}?{same}}", "same"},
             {"${{a} != {a}?{other}}", ""},
             {"${{$empty} == {}:{unequal}}", ""},
         })
        EXPECT_EQ(expanded(text, values), wanted) << text;
}

TEST(Expand, ErrorsSayWhat) {
    EXPECT_EQ(expanded("${a"), "ERROR \"${\" without its \"}\"");
    EXPECT_EQ(expanded("$ x"), "ERROR \"$\" without a name after it (write \"$$\" for a dollar)");
    EXPECT_EQ(expanded("${a!b}"), "ERROR unexpected \"!\" after \"${a\"");
    EXPECT_EQ(expanded("${{a} =~ {b}?{c}}"), "ERROR a comparison needs its values in { }");
    EXPECT_EQ(expanded("$a", {{"a", "$b"}, {"b", "x$c"}, {"c", "${a}"}}),
              "ERROR defined by way of itself: $a -> $b -> $c -> $a");
}

TEST(Expand, WorkIsBounded) {
    RawValues values{{"a0", ""}};
    for (int i = 1; i < 90; ++i) {
        std::string below = "$a" + std::to_string(i - 1);
        values["a" + std::to_string(i)] = below + below;
    }
    EXPECT_EQ(expanded("$a89", values), "ERROR too many references to parameters");
}

TEST(Expand, ListsKeepBraces) {
    EXPECT_EQ(config::split_list("a, b\tc,,d"), (List{"a", "b", "c", "d"}));
    EXPECT_EQ(config::split_list("check { x, y = z } permit"), (List{"check", "{ x, y = z }", "permit"}));
    EXPECT_EQ(config::split_list("inline:{ a=b, c = d }, e"), (List{"inline:{ a=b, c = d }", "e"}));
    EXPECT_FALSE(config::split_list("a { b"));
    EXPECT_EQ(config::without_braces("{ x = y }"), "x = y");
}

TEST(Settings, EveryDefaultIsGood) {
    std::vector<Problem> problems;
    Settings settings = Settings::lenient({}, {}, problems);
    for (const Problem& problem : problems) ADD_FAILURE() << problem.parameter << ": " << problem.text;
    EXPECT_EQ(settings[param::smtpd_command_timeout], Seconds(300));
    EXPECT_EQ(settings[param::maximal_queue_lifetime], Seconds(5 * 86400));
    EXPECT_EQ(settings[param::smtpd_relay_restrictions].size(), 4u);
    EXPECT_TRUE(settings[param::smtpd_delay_reject]);
}

TEST(Settings, RowsHaveDistinctNamesAndMeanings) {
    std::set<std::string_view> names;
    for (const param::Info& info : param::all) {
        EXPECT_TRUE(names.insert(info.name).second) << info.name;
        EXPECT_FALSE(info.meaning.empty()) << info.name;
        EXPECT_EQ(param::find(info.name), &info);
    }
    EXPECT_EQ(param::find("no_such_parameter"), nullptr);
}

TEST(Settings, ValuesAreExpandedAndOverridden) {
    auto settings = Settings::make(
        {{"myhostname", "mail.example.jp"}, {"message_size_limit", "5"}, {"bounce_queue_lifetime", "2"}},
        {{"message_size_limit", "7"}, {"my_own", "$mydomain!"}});
    ASSERT_TRUE(settings) << settings.error().text;
    EXPECT_EQ((*settings)[param::mydomain], "example.jp");
    EXPECT_EQ((*settings)[param::mydestination],
              (List{"mail.example.jp", "localhost.example.jp", "localhost"}));
    EXPECT_EQ((*settings)[param::message_size_limit], 7);
    EXPECT_EQ((*settings)[param::bounce_queue_lifetime], Seconds(2 * 86400)) << "the default's unit is d";
    EXPECT_EQ(settings->text("my_own"), "example.jp!");
    EXPECT_EQ(settings->text("nobody_knows"), "");
}

TEST(Settings, HostAndDomainByEachOther) {
    auto host = Settings::make({{"myhostname", "mail.$mydomain"}, {"mydomain", "example.jp"}});
    ASSERT_TRUE(host);
    EXPECT_EQ((*host)[param::myhostname], "mail.example.jp");
    EXPECT_FALSE(Settings::make({{"myhostname", "$mydomain"}, {"mydomain", "$myhostname"}}));
    EXPECT_TRUE(Settings::make({{"myhostname", "mail.$mydomain"}})) << "ends, if with a poor name";
}

TEST(Settings, BadValuesAreNamed) {
    for (auto [name, value] :
         std::initializer_list<std::pair<std::string, std::string>>{{"smtpd_timeout", "5x"},
                                                                    {"smtpd_timeout", "-1"},
                                                                    {"message_size_limit", "10k"},
                                                                    {"smtpd_delay_reject", "maybe"},
                                                                    {"mynetworks", "{ a"},
                                                                    {"myorigin", "${x"},
                                                                    {"smtpd_timeout", "99999999999w"}}) {
        auto settings = Settings::make({{name, value}});
        ASSERT_FALSE(settings) << name;
        EXPECT_EQ(settings.error().text.find(name), 0u) << settings.error().text;
    }
}

TEST(Settings, TimeUnits) {
    EXPECT_EQ(config::parse_time("10"), Seconds(10));
    EXPECT_EQ(config::parse_time("10", 'h'), Seconds(36000));
    EXPECT_EQ(config::parse_time("2m"), Seconds(120));
    EXPECT_EQ(config::parse_time("1W"), Seconds(604800));
    EXPECT_FALSE(config::parse_time("m"));
    EXPECT_FALSE(config::parse_time("1.5h"));
    EXPECT_FALSE(config::parse_time(""));
}

}  // namespace
}  // namespace ekiden
