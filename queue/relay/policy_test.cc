#include "queue/relay/policy.h"

#include <gtest/gtest.h>

namespace ekiden::relay {
namespace {

struct Row {
    const char* parameter;
    Milliseconds smtp::ClientTimeouts::* limit;
    Milliseconds at_least;  // RFC 5321 §4.5.3.2, where it has a word on it
};
constexpr Row rows[] = {
    {"smtp_helo_timeout", &smtp::ClientTimeouts::helo, std::chrono::minutes(5)},
    {"smtp_starttls_timeout", &smtp::ClientTimeouts::starttls, {}},
    {"smtp_mail_timeout", &smtp::ClientTimeouts::mail, std::chrono::minutes(5)},
    {"smtp_rcpt_timeout", &smtp::ClientTimeouts::rcpt, std::chrono::minutes(5)},
    {"smtp_data_init_timeout", &smtp::ClientTimeouts::data_init, std::chrono::minutes(2)},
    {"smtp_data_xfer_timeout", &smtp::ClientTimeouts::data_xfer, std::chrono::minutes(3)},
    {"smtp_data_done_timeout", &smtp::ClientTimeouts::data_done, std::chrono::minutes(10)},
    {"smtp_rset_timeout", &smtp::ClientTimeouts::rset, {}},
    {"smtp_quit_timeout", &smtp::ClientTimeouts::quit, {}},
};

Policy policy_with(RawValues values) {
    values["myhostname"] = "mail.example.jp";
    Result<Settings> settings = Settings::make(std::move(values));
    EXPECT_TRUE(settings) << settings.error().text;
    Result<Policy> policy = Policy::from(*settings);
    EXPECT_TRUE(policy) << policy.error().text;
    return policy.value_or(Policy{});
}

TEST(RelayPolicy, EachParameterSetsItsOwnTimeOut) {
    for (const Row& row : rows) {
        SCOPED_TRACE(row.parameter);
        const Policy policy = policy_with({{row.parameter, "7s"}});
        for (const Row& other : rows)
            EXPECT_EQ(policy.timeouts.*other.limit == std::chrono::seconds(7), &other == &row)
                << other.parameter;
    }
    EXPECT_EQ(policy_with({{"smtp_connect_timeout", "7s"}}).connect_timeout, std::chrono::seconds(7));
}

TEST(RelayPolicy, TheDefaultsAreNotShorterThanTheStandardAllows) {
    const Policy policy = policy_with({});
    for (const Row& row : rows) EXPECT_GE(policy.timeouts.*row.limit, row.at_least) << row.parameter;
}

}  // namespace
}  // namespace ekiden::relay
