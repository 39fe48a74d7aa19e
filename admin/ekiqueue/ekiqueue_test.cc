#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "admin/ekiqueue/listing.h"
#include "admin/ekiqueue/options.h"

namespace ekiden::admin {
namespace {

ipc::ListedMessage message(std::string id, ipc::QueueState state) {
    ipc::ListedMessage m{};
    m.queue_id = std::move(id);
    m.state = state;
    m.size = 688;
    m.arrival = 1'795'286'010;
    m.sender = "a@example.jp";
    return m;
}

class Listing : public testing::Test {
  protected:
    Listing() {
        setenv("TZ", "UTC", 1);
        tzset();
    }
};

TEST_F(Listing, HasTheColumnsOfMailq) {
    TraditionalListing listing;
    ipc::ListedMessage first = message("3Xv4Gc2kPQz1B", ipc::QueueState::active);
    first.recipients = {{"b@example.net", ""}, {"c@example.net", ""}};
    ipc::ListedMessage second = message("3Xv4Gc2kPQz1C", ipc::QueueState::deferred);
    second.sender.clear();
    second.size = 2000;
    second.recipients = {{"d@example.net", "connection refused"},
                         {"e@example.net", "connection refused"},
                         {"f\x01@example.net", ""}};
    std::string text = listing.print(first) + listing.print(second) + listing.end();
    EXPECT_EQ(text,
              "----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------\n"
              "3Xv4Gc2kPQz1B*         688 Sat Nov 21 18:33:30 a@example.jp\n"
              "                                               b@example.net\n"
              "                                               c@example.net\n"
              "\n"
              "3Xv4Gc2kPQz1C         2000 Sat Nov 21 18:33:30 MAILER-DAEMON\n"
              "                                                          (connection refused)\n"
              "                                               d@example.net\n"
              "                                               e@example.net\n"
              "                                                          (reason unavailable)\n"
              "                                               f?@example.net\n"
              "\n"
              "-- 2 Kbytes in 2 Requests.\n");
}

TEST_F(Listing, OneRequestAndNone) {
    TraditionalListing listing;
    EXPECT_EQ(listing.end(), "Mail queue is empty\n");
    ipc::ListedMessage held = message("3Xv4Gc2kPQz1B", ipc::QueueState::hold);
    EXPECT_NE(listing.print(held).find("3Xv4Gc2kPQz1B!"), std::string::npos);
    EXPECT_EQ(listing.end(), "\n-- 0 Kbytes in 1 Request.\n");
}

TEST_F(Listing, Json) {
    ipc::ListedMessage m = message("3Xv4Gc2kPQz1B", ipc::QueueState::deferred);
    m.recipients = {{"b@example.net", "said \"no\""}, {"c@example.net", ""}};
    EXPECT_EQ(
        print_json(m),
        "{\"queue_name\": \"deferred\", \"queue_id\": \"3Xv4Gc2kPQz1B\", \"arrival_time\": 1795286010, "
        "\"message_size\": 688, \"forced_expire\": false, \"sender\": \"a@example.jp\", \"recipients\": "
        "[{\"address\": \"b@example.net\", \"delay_reason\": \"said \\\"no\\\"\"}, {\"address\": "
        "\"c@example.net\"}]}\n");
}

TEST_F(Listing, JsonOfANoticeAndOfOddOctets) {
    ipc::ListedMessage m = message("3Xv4Gc2kPQz1B", ipc::QueueState::hold);
    m.sender.clear();
    m.recipients = {{"\xff@example.net", ""}, {"\xe3\x81\x82@example.net", "\t"}};
    std::string line = print_json(m);
    EXPECT_NE(line.find("\"sender\": \"MAILER-DAEMON\""), std::string::npos);
    EXPECT_NE(line.find("{\"address\": \"?@example.net\"}"), std::string::npos) << line;
    EXPECT_NE(line.find("{\"address\": \"\xe3\x81\x82@example.net\", \"delay_reason\": \"\\u0009\"}"),
              std::string::npos)
        << line;
}

TEST(QueueOptions, TakesOneAction) {
    Result<QueueOptions> options = parse_queue_options({"-c", "/etc/x", "-p"});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->action, QueueAction::list);
    EXPECT_EQ(options->config, (std::vector<std::string>{"-c", "/etc/x"}));
    options = parse_queue_options({"-sexample.net", "-c/etc/x"});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->action, QueueAction::flush_site);
    EXPECT_EQ(options->argument, "example.net");
    options = parse_queue_options({"-d", "ALL"});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->argument, "ALL");
    EXPECT_TRUE(parse_queue_options({"-vp"}));
    for (const std::vector<std::string>& bad : std::vector<std::vector<std::string>>{
             {}, {"-p", "-f"}, {"-i"}, {"-x"}, {"name"}, {"-c"}, {"-c", "/etc/x"}, {"-p", "more"}})
        EXPECT_FALSE(parse_queue_options(bad));
}

}  // namespace
}  // namespace ekiden::admin
