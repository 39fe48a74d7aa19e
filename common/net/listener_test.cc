#include "common/net/listener.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace ekiden::net {
namespace {

using namespace std::chrono_literals;

struct Path : ::testing::Test {
    std::string directory = [] {
        std::string name = "/tmp/ekiden-listener-XXXXXX";
        EXPECT_NE(mkdtemp(name.data()), nullptr);
        return name;
    }();
    std::string path = directory + "/s";
    ~Path() override { std::filesystem::remove_all(directory); }
};

TEST_F(Path, WhereNobodyListensIsNotFound) {
    EXPECT_EQ(connect_to_path(path).error().kind, ErrorKind::not_found);
    (void)*listen_on_path(path, 0600, 1);  // left behind by one who has ended
    EXPECT_EQ(connect_to_path(path).error().kind, ErrorKind::not_found);
}

TEST_F(Path, WhoTakesNoConnectionIsBusy) {
    Result<OwnedFd> listener = listen_on_path(path, 0600, 0);
    ASSERT_TRUE(listener);
    std::vector<OwnedFd> waiting;
    Result<OwnedFd> next = connect_to_path(path, 20ms);
    for (; next && waiting.size() < 10; next = connect_to_path(path, 20ms))
        waiting.push_back(std::move(*next));
    ASSERT_FALSE(next);
    EXPECT_TRUE(next.error().temporary());
    EXPECT_EQ(next.error().text, path + " is busy: try again later");
}

TEST_F(Path, HasItsModeFromTheBeginning) {
    for (unsigned mode : {0600u, 0666u}) {
        Result<OwnedFd> listener = listen_on_path(path, mode, 1);
        ASSERT_TRUE(listener);
        struct stat is{};
        ASSERT_EQ(stat(path.c_str(), &is), 0);
        EXPECT_EQ(is.st_mode & 0777, mode);
    }
}

}  // namespace
}  // namespace ekiden::net
