#include "common/text/utf8.h"

#include <gtest/gtest.h>

namespace ekiden::text {
namespace {

TEST(Utf8, ShortestFormsOnly) {
    for (std::string_view good :
         {"", "abc", "\xc3\xa9", "\xe9\xa7\x85\xe4\xbc\x9d", "\xf0\x9f\x93\xae", "\xf4\x8f\xbf\xbf"})
        EXPECT_TRUE(is_utf8(good)) << good;
    for (std::string_view bad : {"\xff", "\xc0\xaf", "\xc3", "\xc3(", "\xe0\x80\x80", "\xed\xa0\x80",
                                 "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\x80", "a\xe9\xa7"})
        EXPECT_FALSE(is_utf8(bad));
}

}  // namespace
}  // namespace ekiden::text
