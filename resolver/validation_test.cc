// DNSSEC with real signatures: a zone that was signed once (ECDSA P-256, valid from 2026 to 2084), served by
// the tests' own server. The date of validation is fixed, so that the test depends on no clock.

#include <gtest/gtest.h>

#include "common/text/base64.h"
#include "resolver/lookup.h"
#include "resolver/name_server_test.h"

namespace ekiden::resolver {
namespace {

using namespace std::string_literals;
using dns::Security;
using dns::Type;

constexpr std::uint16_t dnskey = 48;

std::string u16(unsigned value) { return {static_cast<char>(value >> 8U), static_cast<char>(value & 255U)}; }
std::string u32(std::uint32_t value) { return u16(value >> 16U) + u16(value & 0xffffU); }

// RFC 4034 §3.1.
std::string rrsig(unsigned covered, unsigned labels, std::string_view signature) {
    return u16(covered) + "\x0d"s + static_cast<char>(labels) + u32(3600) + u32(3609688742U) +
           u32(1795283342U) + u16(35637) + *dns::name_to_wire("signed.example") +
           *text::base64_decode(signature);
}

class ValidationTest : public testing::Test {
  protected:
    ValidationTest() {
        server.add(
            "signed.example", dnskey,
            u16(257) + "\3\x0d"s +
                *text::base64_decode("r8HPgn47xb3PfrJ2W0NhEsg3UK0sSPQPLJ3Y6qYwNOH53dzcCGm9TCIDpI8CNK1tT4ZiOF+"
                                     "ysyXypTGhQtYtbg=="));
        server.sign(
            "signed.example", dnskey,
            rrsig(48, 2,
                  "4X8UIRj15Y1qbGSG+RNlqDrWdA0qt7DWfxxZlIheVp+t9pYqH4JcCScDsp1xNCY0kegQy0U5gUxhYHpX3S1+"
                  "RQ=="));
        const std::string mx = "\2mx"s + *dns::name_to_wire("signed.example");
        server.add("signed.example", Type::mx, u16(10) + mx);
        server.sign(
            "signed.example", Type::mx,
            rrsig(15, 2,
                  "V8k8OmYSlByYXMNcnA4SqVwEkMY7t81drnpiorqXbnqi7CQ7/RDUvMPIwO22vGpsOQYGWhj4nkrjbMukmhYG"
                  "Vw=="));
        // Signed as preference 10.
        server.add("altered.signed.example", Type::mx, u16(20) + mx);
        server.sign(
            "altered.signed.example", Type::mx,
            rrsig(15, 3,
                  "aky81Jwe9nGonoLIYKsuwMHFuZ5j9HUakeQK66as8+Z7s4+LmAZuxXEXSshsCJLHQ1a5duxkamm8Pjhs9E1r"
                  "gw=="));
        server.add("plain.example", Type::mx, u16(10) + mx);
        options.nameservers = {server.address()};
        options.trust_anchors = {
            "signed.example. DS 35637 13 2 c47ead9d41b51de7c790754e711095644d13fd4bc2dbcd9ea6a57a6547778955"};
        options.validation_date = "20270601000000";
    }
    Result<dns::Answer> ask(const std::string& name) {
        auto lookup = Lookup::open(loop, options);
        EXPECT_TRUE(lookup) << lookup.error().text;
        return loop.run((*lookup)->ask({name, Type::mx}));
    }
    event::Loop loop;
    NameServer server{loop};
    Options options;
};

TEST_F(ValidationTest, SignedAnswersAreSecure) {
    auto answer = ask("signed.example");
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(answer->security, Security::secure) << answer->why;
    EXPECT_EQ(answer->rdata.size(), 1U);
}

TEST_F(ValidationTest, AlteredAnswersAreBogusAndHaveNoRecords) {
    auto answer = ask("altered.signed.example");
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(answer->security, Security::bogus);
    EXPECT_FALSE(answer->why.empty());
    EXPECT_TRUE(answer->rdata.empty());
}

TEST_F(ValidationTest, OutsideOfTheAnchorsAnswersAreInsecure) {
    auto answer = ask("plain.example");
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(answer->security, Security::insecure);
    EXPECT_EQ(answer->rdata.size(), 1U);
}

TEST_F(ValidationTest, SignaturesEnd) {
    options.validation_date = "20850101000000";
    auto answer = ask("signed.example");
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(answer->security, Security::bogus);
}

TEST_F(ValidationTest, DomainsMayBeExcepted) {
    options.insecure_domains = {"altered.signed.example"};
    auto answer = ask("altered.signed.example");
    ASSERT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(answer->security, Security::insecure);
}

}  // namespace
}  // namespace ekiden::resolver
