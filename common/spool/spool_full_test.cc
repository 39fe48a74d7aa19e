// A disk that takes no more. A process may not write files beyond RLIMIT_FSIZE; to the spool that is what a
// full disk is.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/spool/scratch_test.h"
#include "common/spool/spool.h"

namespace ekiden::queue {
namespace {

using test::apply;
using test::message;

void limit_files(rlim_t octets) {
    rlimit limit{octets, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &limit);
}

// In a process of its own, for the limit holds for all of it. Gives 0 when everything was as it should be.
int fill(const std::string& directory) {
    ::signal(SIGXFSZ, SIG_IGN);
    Result<Spool> spool = Spool::open(directory, {.reserve_bytes = 4096, .checkpoint_pages = 50});
    if (!spool) return 1;
    std::string content(20'000, 'x');
    limit_files(1'000'000);
    Sequence accepted = 0;
    Result<std::int64_t> last = 1;
    while (last) {
        last = apply(*spool, Accept{message(accepted + 1, {"a@example.net"}, content)});
        if (last) ++accepted;
        if (accepted > 10'000) return 2;
    }
    if (!last.error().temporary()) return 3;
    if (accepted < 10) return 4;
    // A large one too, and many at once: none of them may leave anything.
    std::vector<Operation> batch;
    for (Sequence n = 50'000; n < 50'010; ++n)
        batch.emplace_back(
            Accept{message(n, {"a@example.net"}, n % 2 == 0 ? content : std::string(3'000'000, 'y'))});
    for (const Result<std::int64_t>& each : spool->apply(batch))
        if (each) return 5;
    // What was accepted is there; with room it goes on.
    limit_files(RLIM_INFINITY);
    if (spool->count() != accepted) return 6;
    if (!apply(*spool, Accept{message(accepted + 1, {"a@example.net"}, content)})) return 7;
    for (Sequence n = 1; n <= accepted + 1; ++n) {
        if (spool->read_content(n) != content) return 8;
        Settle settle;
        settle.id = {0, n};
        settle.then = Settle::Then::remove;
        if (apply(*spool, settle) != 1) return 9;
    }
    return spool->count() == 0 ? 0 : 10;
}

TEST(SpoolFull, RefusesAndLosesNothing) {
    test::ScratchDirectory directory;
    pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) ::_exit(fill(directory.path()));
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_EQ(directory.content_files(), 0);
}

// No descriptors are left: opening content fails for now, and nothing is made.
TEST(SpoolFull, NoDescriptors) {
    test::ScratchDirectory directory;
    Spool spool = test::open(directory);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit none{0, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    Result<OwnedFd> file = spool.content().create({1, 1});
    Result<std::int64_t> large =
        apply(spool, Accept{message(1, {"a@example.net"}, std::string(100'000, 'x'))});
    Result<std::int64_t> small = apply(spool, Accept{message(2, {"a@example.net"})});
    // The outcome of a message is recorded, whatever becomes of the file of its notice.
    std::string report(100'000, 'n');
    Settle settle;
    settle.id = message(2, {}).id;
    settle.outcomes.push_back({0, RecipientState::failed, "5.1.1", "no such user", ""});
    settle.then = Settle::Then::remove;
    settle.notices.push_back(message(3, {"sender@example.jp"}, report));
    Result<std::int64_t> settled = apply(spool, std::move(settle));
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_FALSE(file);
    EXPECT_TRUE(file.error().temporary());
    ASSERT_FALSE(large);
    EXPECT_TRUE(large.error().temporary());
    EXPECT_TRUE(small) << "what needs no descriptor goes on";
    ASSERT_TRUE(settled) << settled.error().text;
    EXPECT_EQ(spool.read_content(3), report);
    EXPECT_EQ(directory.content_files(), 0);
}

}  // namespace
}  // namespace ekiden::queue
