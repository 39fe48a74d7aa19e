#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "common/sasl/digest.h"
#include "common/sasl/mechanism.h"
#include "common/sasl/password.h"
#include "common/sasl/random.h"
#include "common/sasl/remembered.h"
#include "common/sasl/sealed.h"

namespace ekiden::sasl {
namespace {

using namespace std::literals;

constexpr HashCost cheap{1, 8};

class SaslTest : public testing::Test {
  protected:
    SaslTest() { initialize(); }
};

TEST_F(SaslTest, PasswordIsFoundAgain) {
    std::string hash = hash_password(Secret("pässwörd 会議"), cheap).value();
    EXPECT_TRUE(hash.starts_with("$argon2id$")) << hash;
    EXPECT_TRUE(verify_password(hash, Secret("pässwörd 会議")));
    EXPECT_FALSE(verify_password(hash, Secret("pässwörd 会")));
    EXPECT_FALSE(verify_password(hash, Secret("")));
    EXPECT_NE(hash, hash_password(Secret("pässwörd 会議"), cheap).value()) << "salted";
}

TEST_F(SaslTest, BadPasswordsAndHashesAreNeverRight) {
    EXPECT_FALSE(hash_password(Secret(""), cheap));
    EXPECT_FALSE(hash_password(Secret(std::string(1025, 'x')), cheap));
    EXPECT_FALSE(hash_password(Secret("a\0b"s), cheap));
    for (std::string_view bad :
         {"", "secret", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$AAAA$BBBB", "$1$abc$def"})
        EXPECT_FALSE(verify_password(bad, Secret("secret"))) << bad;
    EXPECT_FALSE(verify_password("$argon2id$" + std::string(500, 'x'), Secret("secret")));
}

TEST_F(SaslTest, CostChangeAsksForANewHash) {
    std::string hash = hash_password(Secret("secret"), cheap).value();
    EXPECT_FALSE(needs_rehash(hash, cheap));
    EXPECT_TRUE(needs_rehash(hash, HashCost{2, 16}));
}

TEST_F(SaslTest, NobodyHasNoPassword) {
    Nobody nobody(cheap);
    EXPECT_FALSE(nobody.verify(Secret("secret")));
    EXPECT_FALSE(needs_rehash(nobody.hash(), cheap)) << "it is read as a hash, of the same cost";
    EXPECT_NE(nobody.hash(), Nobody(cheap).hash());
}

TEST_F(SaslTest, RememberedUntilTimeOrPasswordChanges) {
    ManualClock clock(0);
    RememberedChecks checks(clock, 60s, 2);
    Secret right("secret"), wrong("Secret");
    checks.remember("bob", "hash1", right);
    EXPECT_TRUE(checks.knows("bob", "hash1", right));
    EXPECT_FALSE(checks.knows("bob", "hash1", wrong));
    EXPECT_FALSE(checks.knows("bob", "hash2", right)) << "the password was changed";
    EXPECT_FALSE(checks.knows("eve", "hash1", right));
    clock.advance(60s);
    EXPECT_FALSE(checks.knows("bob", "hash1", right));
    EXPECT_EQ(checks.size(), 0u);
}

TEST_F(SaslTest, RememberedIsBoundedByUse) {
    ManualClock clock(0);
    RememberedChecks checks(clock, 60s, 2);
    Secret secret("x");
    checks.remember("a", "h", secret);
    checks.remember("b", "h", secret);
    EXPECT_TRUE(checks.knows("a", "h", secret));
    checks.remember("c", "h", secret);
    EXPECT_TRUE(checks.knows("a", "h", secret));
    EXPECT_FALSE(checks.knows("b", "h", secret));
    EXPECT_EQ(checks.size(), 2u);
    checks.forget("a");
    EXPECT_FALSE(checks.knows("a", "h", secret));
}

TEST_F(SaslTest, DigestsOfTheRfcs) {
    // RFC 1939 §7 and RFC 2195 §2.
    EXPECT_EQ(apop_digest("<1896.697170952@dbc.mtview.ca.us>", Secret("tanstaaf")),
              "c4c9334bac560ecc979e58001b3e22fb");
    EXPECT_EQ(cram_md5_digest("<1896.697170952@postoffice.reston.mci.net>", Secret("tanstaaftanstaaf")),
              "b913a602c7eda7a495b4e6e7334d3890");
}

TEST_F(SaslTest, SealedSecretOpensOnlyForItsAccountUnderItsKey) {
    std::string pattern = testing::TempDir() + "ekiden-sasl-XXXXXX";
    std::string directory = mkdtemp(pattern.data());
    SealingKey key = SealingKey::load_or_create(directory + "/key").value();
    std::string sealed = key.seal(Secret("tanstaaf"), "bob@example.test");
    SealingKey again = SealingKey::load_or_create(directory + "/key").value();
    EXPECT_EQ(again.open(sealed, "bob@example.test").value().reveal(), "tanstaaf");
    EXPECT_FALSE(again.open(sealed, "eve@example.test"));
    SealingKey other = SealingKey::load_or_create(directory + "/other").value();
    EXPECT_FALSE(other.open(sealed, "bob@example.test"));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string damaged = sealed;
        damaged[i] ^= 1;
        EXPECT_FALSE(key.open(damaged, "bob@example.test")) << i;
        EXPECT_FALSE(key.open(std::string_view(sealed).substr(0, i), "bob@example.test")) << i;
    }
    chmod((directory + "/key").c_str(), 0644);
    EXPECT_FALSE(SealingKey::load_or_create(directory + "/key"));
    std::ofstream(directory + "/short") << "abc";
    chmod((directory + "/short").c_str(), 0600);
    EXPECT_FALSE(SealingKey::load_or_create(directory + "/short"));
    std::filesystem::remove_all(directory);
}

TEST_F(SaslTest, Plain) {
    auto mechanism = find_mechanism("plain")->make("mail.example.test");
    Step first = mechanism->step(std::nullopt);
    ASSERT_TRUE(std::holds_alternative<Challenge>(first));
    EXPECT_EQ(std::get<Challenge>(first).octets, "");
    Step second = mechanism->step("\0tim\0tanstaaftanstaaf"sv);
    ASSERT_TRUE(std::holds_alternative<PasswordClaim>(second));
    auto& claim = std::get<PasswordClaim>(second);
    EXPECT_EQ(claim.user, "tim");
    EXPECT_EQ(claim.act_as, "");
    EXPECT_EQ(claim.password.reveal(), "tanstaaftanstaaf");
    Step third = find_mechanism("PLAIN")->make("h")->step("Ursel\0Kurt\0xipj3plmq"sv);  // RFC 4616 §4
    ASSERT_TRUE(std::holds_alternative<PasswordClaim>(third));
    EXPECT_EQ(std::get<PasswordClaim>(third).act_as, "Ursel");
}

TEST_F(SaslTest, PlainRefusesWhatBreaksItsGrammar) {
    for (std::string_view bad : {""sv, "tim"sv, "tim\0secret"sv, "\0\0secret"sv, "\0tim\0"sv,
                                 "\0tim\0sec\0ret"sv, "\0t\nim\0secret"sv, "a\x01\0tim\0secret"sv}) {
        Step step = find_mechanism("PLAIN")->make("h")->step(bad);
        EXPECT_TRUE(std::holds_alternative<Malformed>(step)) << testing::PrintToString(bad);
    }
    std::string long_name = "\0"s + std::string(256, 'a') + "\0x"s;
    EXPECT_TRUE(std::holds_alternative<Malformed>(find_mechanism("PLAIN")->make("h")->step(long_name)));
    auto asked = find_mechanism("PLAIN")->make("h");
    asked->step(std::nullopt);
    EXPECT_TRUE(std::holds_alternative<Malformed>(asked->step(std::nullopt)));
}

TEST_F(SaslTest, LoginWithAndWithoutInitialResponse) {
    auto asked = find_mechanism("Login")->make("h");
    EXPECT_EQ(std::get<Challenge>(asked->step(std::nullopt)).octets, "Username:");
    EXPECT_EQ(std::get<Challenge>(asked->step("tim")).octets, "Password:");
    EXPECT_EQ(std::get<PasswordClaim>(asked->step("secret")).user, "tim");
    auto initial = find_mechanism("LOGIN")->make("h");
    EXPECT_EQ(std::get<Challenge>(initial->step("tim")).octets, "Password:");
    EXPECT_TRUE(std::holds_alternative<Malformed>(initial->step("")));
}

TEST_F(SaslTest, CramChallengesAreFreshAndTheResponseIsStrict) {
    auto one = find_mechanism("CRAM-MD5")->make("mail.example.test");
    auto two = find_mechanism("CRAM-MD5")->make("mail.example.test");
    std::string challenge = std::get<Challenge>(one->step(std::nullopt)).octets;
    EXPECT_TRUE(challenge.ends_with("@mail.example.test>")) << challenge;
    EXPECT_NE(challenge, std::get<Challenge>(two->step(std::nullopt)).octets);
    std::string proof = cram_md5_digest(challenge, Secret("s"));
    auto claim = std::get<DigestClaim>(one->step("tim t " + proof));
    EXPECT_EQ(claim.user, "tim t");
    EXPECT_EQ(claim.challenge, challenge);
    EXPECT_TRUE(std::holds_alternative<Malformed>(two->step("tim " + proof + "0")));
    EXPECT_TRUE(std::holds_alternative<Malformed>(find_mechanism("CRAM-MD5")->make("h")->step("tim x")));
}

TEST_F(SaslTest, UnknownMechanism) { EXPECT_EQ(find_mechanism("GSSAPI"), nullptr); }

}  // namespace
}  // namespace ekiden::sasl
