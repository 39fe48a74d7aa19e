#include <gtest/gtest.h>

#include "common/log/events.h"

namespace ekiden::log {
namespace {

inline constexpr Event<"tried", Level::info,
                       "{id}: to=<{to}>{?, orig_to=<|original|>}, delay={delay}{!session}">
    tried;

struct Keep : Sink {
    std::string text, json;
    void write(const Line& line) override { text = line.text, json = line.json; }
};

TEST(Log, FieldsGoToTextAndJson) {
    Keep keep;
    set_sink(&keep);
    emit(tried, "Q1", "a@b", "c@d", 2, "s1");
    EXPECT_EQ(keep.text, "Q1: to=<a@b>, orig_to=<c@d>, delay=2");
    EXPECT_EQ(keep.json,
              R"({"event":"tried","id":"Q1","to":"a@b","original":"c@d","delay":2,"session":"s1"})");
    emit(tried, "Q1", "a@b", "", 2, "s1");
    EXPECT_EQ(keep.text, "Q1: to=<a@b>, delay=2");
    set_sink(nullptr);
}

TEST(Log, ValuesCannotForgeLines) {
    Keep keep;
    set_sink(&keep);
    emit(events::reload_refused, "a\r\nfake: line\"");
    EXPECT_EQ(keep.text, "error: reload refused, the configuration in use stays: a??fake: line\"");
    EXPECT_EQ(keep.json, R"({"event":"reload_refused","why":"a??fake: line\""})");
    set_sink(nullptr);
}

}  // namespace
}  // namespace ekiden::log
