#include "common/text/fold.h"

#include <gtest/gtest.h>

namespace ekiden::text {
namespace {

TEST(FoldCase, ByUnicodesRules) {
    struct Case {
        std::string_view text, folded;
    };
    for (const Case& c : {Case{"", ""}, Case{"Root@Example.TEST", "root@example.test"}, Case{"Ä", "ä"},
                          Case{"straße", "strasse"}, Case{"STRASSE", "strasse"}, Case{"ΣΊΣΥΦΟΣ", "σίσυφοσ"},
                          Case{"駅伝A", "駅伝a"}, Case{"ﬀ", "ff"}, Case{"\xc4", "\xc4"},
                          Case{"A\xff\xc3\x84", "a\xff\xc3\x84"}})
        EXPECT_EQ(fold_case(c.text), c.folded) << c.text;
}

TEST(FoldCase, FoldedOnceIsFoldedForGood) {
    for (std::string_view text : {"İstanbul", "ΣΊΣΥΦΟΣ", "ẞ", "ŉ"})
        EXPECT_EQ(fold_case(fold_case(text)), fold_case(text));
}

}  // namespace
}  // namespace ekiden::text
