#include "common/config/main_cf.h"

#include <gtest/gtest.h>

namespace ekiden::config {
namespace {

TEST(MainCf, CommentsContinuationAndOrder) {
    std::vector<Finding> findings;
    MainCf file = MainCf::parse(
        "# a comment\n\nmyhostname=mail.example.jp  \nlist = a,\n  b,\n# inside\n\n\tc\n  # also "
        "inside\nempty =\n",
        "main.cf", findings);
    EXPECT_TRUE(findings.empty());
    ASSERT_EQ(file.entries().size(), 3u);
    EXPECT_EQ(file.entries()[0].value, "mail.example.jp");
    EXPECT_EQ(file.entries()[1].value, "a,  b,\tc");
    EXPECT_EQ(file.entries()[1].first_line, 4);
    EXPECT_EQ(file.entries()[1].last_line, 8);
    EXPECT_EQ(file.values().at("empty"), "");
}

TEST(MainCf, LastDefinitionWinsAndIsTold) {
    std::vector<Finding> findings;
    MainCf file = MainCf::parse("a = 1\nb = 2\na = 3\n", "/etc/ekiden/main.cf", findings);
    EXPECT_EQ(file.find("a")->value, "3");
    EXPECT_EQ(file.line_of("a"), 3);
    EXPECT_EQ(file.line_of("c"), 0);
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(format(findings[0]),
              "/etc/ekiden/main.cf, line 3: overriding earlier entry: a=1 (which is on line 1)");
    EXPECT_FALSE(has_errors(findings));
}

TEST(MainCf, ErrorsNameTheLine) {
    for (auto [content, line, text] :
         std::initializer_list<std::tuple<std::string_view, int, std::string_view>>{
             {"a = 1\n\nfoo bar\n", 3, "missing '=' after attribute name: \"foo bar\""},
             {" a = 1\n", 1, "the first line begins with white space"},
             {"= x\n", 1, "missing attribute name: \"= x\""},
             {"a b = x\n", 1, "missing '=' after attribute name: \"a b = x\""},
             {"a\x01 = x\n", 1, "bad parameter name: \"a? = x\""},
             {std::string_view("a = 1\nb = \0\n", 12), 2, "the file holds a NUL octet"}}) {
        std::vector<Finding> findings;
        MainCf::parse(content, "main.cf", findings);
        ASSERT_EQ(findings.size(), 1u) << content;
        EXPECT_EQ(findings[0].line, line);
        EXPECT_EQ(findings[0].text, text);
        EXPECT_TRUE(has_errors(findings));
    }
}

TEST(MainCf, CommentAfterTextIsTold) {
    std::vector<Finding> findings;
    MainCf file = MainCf::parse("a = 1 # one\n", "main.cf", findings);
    EXPECT_EQ(file.find("a")->value, "1 # one");
    EXPECT_EQ(findings.size(), 1u);
}

TEST(MainCf, NamesOfTransportsHoldHyphens) {
    std::vector<Finding> findings;
    MainCf file = MainCf::parse("smtp-amavis_destination_recipient_limit = 1\na.b=2\n", "main.cf", findings);
    EXPECT_TRUE(findings.empty());
    EXPECT_EQ(file.values().at("smtp-amavis_destination_recipient_limit"), "1");
    EXPECT_EQ(file.values().at("a.b"), "2");
}

}  // namespace
}  // namespace ekiden::config
