#include "common/config/bounce_templates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ekiden::config {
namespace {

using testing::HasSubstr;

constexpr auto failure = static_cast<std::size_t>(BounceClass::failure);
constexpr auto delay = static_cast<std::size_t>(BounceClass::delay);

BounceTemplates read(std::string_view content) {
    std::vector<Finding> findings;
    BounceTemplates templates = parse_bounce_templates(content, "f", findings);
    EXPECT_TRUE(findings.empty()) << format(findings[0]);
    return templates;
}

TEST(BounceTemplates, FieldsAndText) {
    BounceTemplates templates = read(
        "# mine\n\nfailure_template = <<END\nCharset: utf-8\nfrom: me <a@b>\nSubject: s\n"
        "Postmaster-Subject: p\n\n\n # g\xc3\xbc\n$x\n\nEND\n  # next\n"
        "delay_template = <<EOF\r\nonly text\r\nEOF\r\n");
    EXPECT_EQ(templates[failure].charset, "utf-8");
    EXPECT_EQ(templates[failure].from, "me <a@b>");
    EXPECT_EQ(templates[failure].subject, "s");
    EXPECT_EQ(templates[failure].postmaster_subject, "p");
    EXPECT_EQ(templates[failure].text, " # g\xc3\xbc\n$x\n\n");
    EXPECT_EQ(templates[delay].text, "only text\n");
    EXPECT_EQ(templates[delay].subject, built_in_templates()[delay].subject);
}

TEST(BounceTemplates, WhatIsWrongIsToldAndTheBuiltInOneStays) {
    for (auto [content, line, text] :
         std::initializer_list<std::tuple<std::string_view, int, std::string_view>>{
             {"\nfailure_template\n", 2, "missing '=' after attribute name: \"failure_template\""},
             {"other_template = <<E\nx\nE\n", 1, "unknown template name: other_template"},
             {"#\nfailure_template = <<E\nSubject:\n\nx\nE\n", 2,
              "empty \"Subject\" header value in failure template"},
             {"failure_template = <<E\nSubject: \xc3\xbc\n\nx\nE\n", 1,
              "non-ASCII \"Subject\" header value in failure template"},
             {"failure_template = <<E\nTo: x\n\nx\nE\n", 1,
              "unknown \"To\" header label in failure template"},
             {"success_template = <<E\nPostmaster-Subject: x\n\nx\nE\n", 1,
              "inapplicable \"Postmaster-Subject\" header label in success template"},
             {"failure_template = <<E\nSubject: x\n\nE\n", 1, "missing message text in failure template"},
             {"failure_template = <<E\n\n\xc3\xbc\nE\n", 1,
              "8-bit message text: specify a charset value other than us-ascii in failure template"},
             {"failure_template = <<\n", 1, "missing end marker after <<"},
             {"failure_template = <<.\n", 1, "malformed end marker after <<"},
             {"failure_template = <<E\nx\n", 1, "missing \"E\" end marker"}}) {
        std::vector<Finding> findings;
        BounceTemplates templates = parse_bounce_templates(content, "f", findings);
        ASSERT_EQ(findings.size(), 1u) << content;
        EXPECT_EQ(findings[0].text, text);
        EXPECT_EQ(findings[0].line, line) << content;
        EXPECT_EQ(print(templates), print(built_in_templates()));
    }
}

TEST(BounceTemplates, PrintedOnesReadTheSame) {
    std::string printed = print(built_in_templates());
    EXPECT_EQ(print(read(printed)), printed);
    EXPECT_THAT(printed, HasSubstr("\n\ndelay_template = <<EOF\nCharset: us-ascii\n"));
}

TEST(BounceTemplates, NamesAndUnits) {
    std::vector<Problem> problems;
    Settings settings = Settings::lenient(
        {{"myhostname", "a.test"}, {"maximal_queue_lifetime", "2d"}, {"own", "$$5 $myhostname"}}, {},
        problems);
    std::vector<Finding> findings;
    BounceTexts texts = bounce_texts(settings,
                                     "failure_template = <<E\n$own ${maximal_queue_lifetime_days}d "
                                     "$maximal_queue_lifetime_hours h$$\n$will_retry_until\nE\n",
                                     findings);
    ASSERT_TRUE(findings.empty()) << format(findings[0]);
    auto text = expand_text(texts.templates[failure], [&](std::string_view name) {
        auto found = texts.values.find(name);
        return found == texts.values.end() ? std::optional<std::string>("later") : found->second;
    });
    EXPECT_EQ(*text, "$5 a.test 2d 48 h$\nlater\n");
}

TEST(BounceTemplates, UndefinedNamesAreTold) {
    for (auto [line, text] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
             {"$no_such_name", "undefined $no_such_name in delay template"},
             {"$maximal_queue_lifetime_years", "undefined $maximal_queue_lifetime_years in delay template"},
             {"${x", "\"${\" without its \"}\" in delay template"}}) {
        std::vector<Finding> findings;
        BounceTexts texts =
            bounce_texts(Settings(), "delay_template = <<E\n" + std::string(line) + "\nE\n", findings);
        ASSERT_EQ(findings.size(), 1u);
        EXPECT_EQ(findings[0].text, text);
        EXPECT_EQ(texts.templates[delay].text, built_in_templates()[delay].text);
    }
}

}  // namespace
}  // namespace ekiden::config
