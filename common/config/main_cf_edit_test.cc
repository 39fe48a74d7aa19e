#include "common/config/main_cf_edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/main_cf.h"

namespace ekiden::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string before = "# top\na = 1\nlong = x,\n  # why y\n  y\n\nb = 2\na = 3\n# end\n";

std::string set(std::string_view content, const std::map<std::string, std::string>& changes) {
    return edit_main_cf(content, EditKind::set, changes).content;
}

TEST(EditMainCf, SetKeepsCommentsAndOrder) {
    EXPECT_EQ(set(before, {{"a", "9"}}), "# top\nlong = x,\n  # why y\n  y\n\nb = 2\na = 9\n# end\n");
    EXPECT_EQ(set(before, {{"long", "z"}}), "# top\na = 1\nlong = z\n  # why y\n\nb = 2\na = 3\n# end\n");
    EXPECT_EQ(set(before, {{"d", "5"}, {"c", ""}}), before + "c = \nd = 5\n");
    EXPECT_EQ(set("a = 1", {{"b", "2"}}), "a = 1\nb = 2\n") << "a missing line end is added";
    EXPECT_EQ(set("", {{"b", "2"}}), "b = 2\n");
}

TEST(EditMainCf, RemoveAndCommentOut) {
    EXPECT_EQ(edit_main_cf(before, EditKind::remove, {{"b", ""}}).content,
              "# top\na = 1\nlong = x,\n  # why y\n  y\n\na = 3\n# end\n");
    EXPECT_EQ(edit_main_cf(before, EditKind::comment_out, {{"long", ""}, {"no", ""}}).content,
              "# top\na = 1\n#long = x,\n  # why y\n#  y\n\nb = 2\na = 3\n# end\n");
    Edited both = edit_main_cf(before, EditKind::comment_out, {{"a", ""}});
    EXPECT_EQ(both.content, "# top\n#a = 1\nlong = x,\n  # why y\n  y\n\nb = 2\n#a = 3\n# end\n");
    EXPECT_THAT(both.repeated, ElementsAre("a"));
    EXPECT_THAT(edit_main_cf(before, EditKind::remove, {{"b", ""}}).repeated, IsEmpty());
}

TEST(EditMainCf, AppendedNameDoesNotContinueAnything) {
    std::vector<Finding> findings;
    MainCf file = MainCf::parse(set("a = 1\n", {{"b", ""}}), "main.cf", findings);
    EXPECT_EQ(file.entries().size(), 2u);
}

}  // namespace
}  // namespace ekiden::config
