#include "queue/manager/fatal.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "common/spool/scratch_test.h"
#include "queue/manager/writer.h"

namespace ekiden::queue {
namespace {

// An exception out of a task of the writer ends the process and says why.
void break_the_writer(const test::ScratchDirectory& directory) {
    event::Loop loop;
    Writer writer(loop, test::open(directory));
    writer.submit(ReserveSequence{1}, [](Result<std::int64_t>, Operation&) -> void {
        throw std::runtime_error("out of its mind");
    });
    while (true) loop.run_once();
}

TEST(FatalDeathTest, TheWriterDoesNotLiveOnHalfDead) {
    // Forked and not executed anew: what aborts cannot remove its directory, so that it uses this process's,
    // which has no thread yet that a fork could tear.
    GTEST_FLAG_SET(death_test_style, "fast");
    test::ScratchDirectory directory;
    EXPECT_EXIT(break_the_writer(directory), testing::KilledBySignal(SIGABRT), "out of its mind");
}

}  // namespace
}  // namespace ekiden::queue
