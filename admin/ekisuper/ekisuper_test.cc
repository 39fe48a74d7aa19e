#include <gtest/gtest.h>

#include "admin/ekisuper/options.h"

namespace ekiden::ekisuper {
namespace {

using ipc::QueueVerb;

Result<Options> parse(const std::vector<std::string>& arguments, std::vector<std::string> lines = {}) {
    std::size_t next = 0;
    return parse_options(arguments, [&]() -> std::optional<std::string> {
        if (next == lines.size()) return std::nullopt;
        return lines[next++];
    });
}

TEST(SuperOptions, NothingMeansACheck) {
    Result<Options> options = parse({"-c", "/etc/x"});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->config, "/etc/x");
    EXPECT_TRUE(options->structure && options->temporary && options->orders.empty());
    options = parse({"-p"});
    EXPECT_TRUE(options->temporary && !options->structure);
    options = parse({"-Sv"});
    EXPECT_TRUE(options->structure && !options->temporary && options->verbose);
}

TEST(SuperOptions, OrdersAreGatheredInPostsupersOrder) {
    Result<Options> options = parse({"-h", "A", "-dB", "-r", "C", "-d", "D", "-f", "E", "-H", "F"});
    ASSERT_TRUE(options);
    ASSERT_EQ(options->orders.size(), 5u);
    const QueueVerb verbs[] = {QueueVerb::requeue, QueueVerb::remove, QueueVerb::expire, QueueVerb::hold,
                               QueueVerb::release};
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(options->orders[i].verb, verbs[i]);
    EXPECT_EQ(options->orders[1].ids, (std::vector<std::string>{"B", "D"}));
    EXPECT_EQ(options->orders[2].ids, (std::vector<std::string>{"E"}));
    EXPECT_EQ(options->orders[4].ids, (std::vector<std::string>{"E", "F"}));
    EXPECT_FALSE(options->structure);
}

TEST(SuperOptions, AllIsUpperCaseAndMayNameQueues) {
    Result<Options> options = parse({"-d", "ALL", "hold", "deferred"});
    ASSERT_TRUE(options);
    EXPECT_TRUE(options->orders[0].all);
    EXPECT_EQ(options->queues, ipc::bit_of(ipc::QueueState::hold) | ipc::bit_of(ipc::QueueState::deferred));
    options = parse({"-d", "all"});
    EXPECT_FALSE(options->orders[0].all);
    EXPECT_EQ(options->orders[0].ids, (std::vector<std::string>{"all"}));
    EXPECT_EQ(parse({"-d", "ALL", "nosuch"}).error().text, "invalid directory name: nosuch");
    EXPECT_FALSE(parse({"-dh", "X"}));  // deletes "h" in a queue "X", as getopt reads it
}

TEST(SuperOptions, IdsFromStandardInput) {
    Result<Options> options = parse({"-d", "-", "-d", "C"}, {"A", "  B ", "", "D"});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->orders[0].ids, (std::vector<std::string>{"A", "B", "D", "C"}));
    EXPECT_FALSE(parse({"-d", "-", "-h", "-"}, {"A"}));
    options = parse({"-d", "-"});
    ASSERT_EQ(options->orders.size(), 1u);  // nothing to delete is no wish for a check
    EXPECT_FALSE(options->structure);
}

TEST(SuperOptions, Mistakes) {
    for (const std::vector<std::string>& bad :
         std::vector<std::vector<std::string>>{{"-x"}, {"-d"}, {"-c"}, {"foo"}, {"--", "-d"}})
        EXPECT_FALSE(parse(bad));
}

}  // namespace
}  // namespace ekiden::ekisuper
