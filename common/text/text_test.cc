#include <gtest/gtest.h>

#include "common/text/ascii.h"
#include "common/text/base64.h"
#include "common/text/cursor.h"

namespace ekiden::text {
namespace {

TEST(Base64, KnownVectors) {  // RFC 4648 §10
    for (auto [plain, encoded] :
         std::initializer_list<std::pair<std::string_view, std::string_view>>{{"", ""},
                                                                              {"f", "Zg=="},
                                                                              {"fo", "Zm8="},
                                                                              {"foo", "Zm9v"},
                                                                              {"foob", "Zm9vYg=="},
                                                                              {"foobar", "Zm9vYmFy"}}) {
        EXPECT_EQ(base64_encode(plain), encoded);
        EXPECT_EQ(base64_decode(encoded), plain);
    }
}

TEST(Base64, RefusesWhatItWouldNotWrite) {
    for (std::string_view bad :
         {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "=Zg=", "Zm8=Zm8=", "!!!!", "Zg==\n", "===="})
        EXPECT_FALSE(base64_decode(bad)) << bad;
}

TEST(Base64, EveryOctetSurvives) {
    std::string all;
    for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
    EXPECT_EQ(base64_decode(base64_encode(all)), all);
    EXPECT_EQ(hex_decode(hex_encode(all)), all);
}

TEST(Ascii, NumbersAreWholeAndBounded) {
    EXPECT_EQ(parse_number("0"), 0u);
    EXPECT_EQ(parse_number("18446744073709551615"), 18446744073709551615u);
    for (std::string_view bad : {"", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616"})
        EXPECT_FALSE(parse_number(bad)) << bad;
}

TEST(Ascii, PrintableHidesControlOctets) { EXPECT_EQ(printable("a\r\nb\xff"), "a??b?"); }

TEST(Cursor, RewindsToItsMark) {
    Cursor cursor("MAIL From:<x>");
    std::size_t mark = cursor.mark();
    EXPECT_TRUE(cursor.take_word_ignoring_case("mail "));
    EXPECT_TRUE(cursor.take_word_ignoring_case("FROM:"));
    EXPECT_EQ(cursor.since(mark), "MAIL From:");
    cursor.rewind(mark);
    EXPECT_EQ(cursor.peek(), 'M');
}

}  // namespace
}  // namespace ekiden::text
