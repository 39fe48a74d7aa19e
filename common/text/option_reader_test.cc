#include "common/text/option_reader.h"

#include <gtest/gtest.h>

namespace ekiden::text {
namespace {

// "a c=value 'message' | operand operand".
std::string read(const std::vector<std::string>& words, std::string_view letters = "abc:d:") {
    std::string told;
    OptionReader reader(words, letters);
    while (std::optional<Result<Option>> option = reader.next()) {
        if (!*option)
            told += "'" + option->error().text + "' ";
        else if ((*option)->argument.empty())
            told += std::string(1, (*option)->letter) + " ";
        else
            told += std::string(1, (*option)->letter) + "=" + (*option)->argument + " ";
    }
    told += "|";
    for (const std::string& operand : reader.rest()) told += " " + operand;
    return told;
}

TEST(Options, AreReadAsGetoptReadsThem) {
    struct Case {
        std::vector<std::string> words;
        std::string_view wanted;
    };
    for (const Case& c : std::initializer_list<Case>{
             {{}, "|"},
             {{"-a", "-b", "x", "-a"}, "a b | x -a"},
             {{"-abcx", "-dy"}, "a b c=x d=y |"},
             {{"-abc", "x", "y"}, "a b c=x | y"},
             {{"-ca", "-d", "-a"}, "c=a d=-a |"},
             {{"-c", "", "x"}, "c | x"},
             {{"-c", "--", "x"}, "c=-- | x"},
             {{"-a", "--", "-b"}, "a | -b"},
             {{"--"}, "|"},
             {{"-", "-a"}, "| - -a"},
             {{"", "-a"}, "|  -a"},
             {{"-azb", "x"}, "a 'invalid option -- 'z'' b | x"},
             {{"-:", "-a"}, "'invalid option -- ':'' a |"},
             {{"--a"}, "'invalid option -- '-'' a |"},
             {{"-ac"}, "a 'option requires an argument -- 'c'' |"},
         })
        EXPECT_EQ(read(c.words), c.wanted) << testing::PrintToString(c.words);
}

TEST(Options, AWordIsReadWhereItBegins) {
    std::vector<std::string> words{"-ab", "-q", "x"};
    OptionReader reader(words, "ab");
    EXPECT_EQ(*reader.word(), "-ab");
    EXPECT_EQ(*reader.word(2), "x");
    EXPECT_EQ(reader.word(3), nullptr);
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.word(), nullptr) << "within -ab";
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(*reader.word(), "-q");
    reader.skip_word();
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.rest(), std::vector<std::string>{"x"});
}

}  // namespace
}  // namespace ekiden::text
