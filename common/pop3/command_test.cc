#include "common/pop3/command.h"

#include <gtest/gtest.h>

namespace ekiden::pop3 {
namespace {

template <class C>
C read(std::string_view line) {
    Result<Command> command = parse(line);
    EXPECT_TRUE(command) << line;
    EXPECT_TRUE(std::holds_alternative<C>(*command)) << line;
    return std::get<C>(*command);
}

TEST(Pop3Command, EveryKeywordInAnyCase) {
    EXPECT_EQ(read<User>("user taro@example.jp").name, "taro@example.jp");
    EXPECT_EQ(read<Pass>("PASS  a b ").password.reveal(), " a b ");
    Apop apop = read<Apop>("APOP taro C4C9334BAC560ECC979E58001B3E22FB");
    EXPECT_EQ(apop.name, "taro");
    EXPECT_EQ(apop.digest, "c4c9334bac560ecc979e58001b3e22fb");
    read<Stat>("sTaT");
    EXPECT_FALSE(read<List>("LIST").message);
    EXPECT_EQ(read<List>("LIST 7 ").message, 7u);
    EXPECT_EQ(read<Retr>("RETR 4294967295").message, 4294967295u);
    EXPECT_EQ(read<Dele>("DELE 1").message, 1u);
    read<Noop>("NOOP");
    read<Rset>("RSET ");
    Top top = read<Top>("TOP 3 0");
    EXPECT_EQ(top.message, 3u);
    EXPECT_EQ(top.lines, 0u);
    EXPECT_EQ(read<Uidl>("UIDL  2").message, 2u);
    read<Quit>("quit");
    read<Capa>("CAPA");
    read<Stls>("STLS");
}

TEST(Pop3Command, Auth) {
    EXPECT_EQ(read<Auth>("AUTH").mechanism, "");
    Auth plain = read<Auth>("auth plain AHRhcm8AcHc=");
    EXPECT_EQ(plain.mechanism, "PLAIN");
    EXPECT_EQ(plain.initial->reveal(), "AHRhcm8AcHc=");
    EXPECT_FALSE(read<Auth>("AUTH SCRAM-SHA-256").initial);
}

TEST(Pop3Command, RefusesWhatTheGrammarDoesNotHave) {
    for (std::string_view line : {"",
                                  " ",
                                  "NOSUCH",
                                  "RETR",
                                  "RETR 0",
                                  "RETR -1",
                                  "RETR +1",
                                  "RETR x",
                                  "RETR 1x",
                                  "RETR 4294967296",
                                  "RETR 99999999999999999999",
                                  "DELE",
                                  "LIST 0",
                                  "LIST x",
                                  "LIST 1 2",
                                  "UIDL 0",
                                  "TOP",
                                  "TOP 1",
                                  "TOP 1 -1",
                                  "TOP 1 x",
                                  "TOP 0 1",
                                  "TOP 1 1 1",
                                  "STAT 1",
                                  "QUIT now",
                                  "USER",
                                  "USER ",
                                  "PASS",
                                  "PASS ",
                                  "APOP x",
                                  "APOP x 0123",
                                  "APOP x g4c9334bac560ecc979e58001b3e22fb",
                                  "AUTH PL/AIN",
                                  "AUTH PLAIN a b",
                                  "STAT\t",
                                  "STATX",
                                  "NOOP\xff"})
        EXPECT_FALSE(parse(line)) << line;
    EXPECT_FALSE(parse(std::string_view("NOOP\0", 5)));
}

TEST(Pop3Command, KeywordOfEachAlternative) {
    EXPECT_EQ(keyword(User{}), "USER");
    EXPECT_EQ(keyword(Top{}), "TOP");
    EXPECT_EQ(keyword(Stls{}), "STLS");
}

}  // namespace
}  // namespace ekiden::pop3
