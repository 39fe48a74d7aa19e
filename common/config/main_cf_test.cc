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
              "/etc/ekiden/main.cf, line 3: overriding earlier entry: a=3 (the earlier one is on line 1)");
    EXPECT_FALSE(has_errors(findings));
}

TEST(MainCf, ErrorsNameTheLine) {
    for (auto [content, line, text] :
         std::initializer_list<std::tuple<std::string_view, int, std::string_view>>{
             {"a = 1\n\nfoo bar\n", 3, "missing '=' after attribute name: \"foo bar\""},
             {" a = 1\n", 1, "the first line begins with white space"},
             {"= x\n", 1, "missing attribute name before '='"},
             {"a b = x\n", 1, "bad parameter name: \"a b\""},
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

TEST(EditMainCf, KeepsCommentsAndOrder) {
    std::string before = "# top\na = 1\nlong = x,\n  # why y\n  y\n\nb = 2\na = 3\n# end\n";
    EXPECT_EQ(edit_main_cf(before, {{"a", "9"}}),
              "# top\nlong = x,\n  # why y\n  y\n\nb = 2\na = 9\n# end\n");
    EXPECT_EQ(edit_main_cf(before, {{"long", "z"}}),
              "# top\na = 1\nlong = z\n  # why y\n\nb = 2\na = 3\n# end\n");
    EXPECT_EQ(edit_main_cf(before, {{"c", "4"}, {"c", "5"}}), before + "c = 5\n");
    EXPECT_EQ(edit_main_cf(before, {{"b", std::nullopt}}),
              "# top\na = 1\nlong = x,\n  # why y\n  y\n\na = 3\n# end\n");
    EXPECT_EQ(edit_main_cf("a = 1", {{"b", "2"}}), "a = 1\nb = 2\n") << "a missing line end is added";
    EXPECT_EQ(edit_main_cf("", {{"b", "2"}}), "b = 2\n");
}

TEST(EditMainCf, AppendedNameDoesNotContinueAnything) {
    std::string after = edit_main_cf("a = 1\n", {{"b", ""}});
    std::vector<Finding> findings;
    MainCf file = MainCf::parse(after, "main.cf", findings);
    EXPECT_EQ(file.entries().size(), 2u);
}

}  // namespace
}  // namespace ekiden::config
