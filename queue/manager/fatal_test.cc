#include "queue/manager/fatal.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "queue/manager/scratch_test.h"
#include "queue/manager/writer.h"

namespace ekiden::queue {
namespace {

// An exception out of a task of the writer ends the process and says why.
void break_the_writer() {
    test::ScratchDirectory directory;
    event::Loop loop;
    Writer writer(loop, test::open(directory));
    writer.submit(ReserveSequence{1}, [](Result<std::int64_t>, Operation&) -> void {
        throw std::runtime_error("out of its mind");
    });
    while (true) loop.run_once();
}

TEST(FatalDeathTest, TheWriterDoesNotLiveOnHalfDead) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(break_the_writer(), testing::KilledBySignal(SIGABRT), "out of its mind");
}

}  // namespace
}  // namespace ekiden::queue
