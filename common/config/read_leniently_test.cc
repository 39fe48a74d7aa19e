#include "common/config/read_leniently.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace ekiden::config {
namespace {

TEST(ReadLeniently, MistakesAreNotInTheWay) {
    std::string directory = testing::TempDir() + "/lenient-XXXXXX";
    ASSERT_NE(::mkdtemp(directory.data()), nullptr);
    std::ofstream(directory + "/main.cf") << "this is no line\nqueue_directory = $config_directory/spool\n"
                                             "smtpd_command_timeout = soon\nmyhostname = a.test\n";
    Result<Settings> settings = read_leniently(directory, {{"myhostname", "b.test"}});
    ASSERT_TRUE(settings) << settings.error().text;
    EXPECT_EQ((*settings)[param::queue_directory], directory + "/spool");
    EXPECT_EQ((*settings)[param::smtpd_command_timeout], Seconds(300));
    EXPECT_EQ((*settings)[param::myhostname], "b.test");
    std::filesystem::remove_all(directory);
    settings = read_leniently(directory);
    ASSERT_FALSE(settings);
    EXPECT_THAT(settings.error().text, testing::HasSubstr(directory + "/main.cf: No such file"));
}

}  // namespace
}  // namespace ekiden::config
