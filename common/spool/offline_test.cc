#include "common/spool/offline.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "common/spool/scratch_test.h"
#include "common/sqlite/database.h"

namespace ekiden::queue {
namespace {

using test::apply;
using test::message;
using test::open;
using test::ScratchDirectory;

std::string id_of(Sequence sequence) { return print(message(sequence, {}).id); }

void fill(const ScratchDirectory& directory) {
    Spool spool = open(directory);
    ASSERT_TRUE(apply(spool, Accept{message(1, {"a@example.net"})}));
    ASSERT_TRUE(apply(spool, Accept{message(2, {"b@example.net"}, std::string(70'000, 'z'))}));
    ASSERT_TRUE(apply(spool, Accept{message(3, {"c@example.org"})}));
    ASSERT_EQ(apply(spool, Command{Command::Verb::hold, 3}), 1);
}

OfflineQueue offline(const ScratchDirectory& directory) {
    Result<OfflineQueue> queue = OfflineQueue::open(directory.path());
    EXPECT_TRUE(queue) << queue.error().text;
    return std::move(*queue);
}

TEST(OfflineQueue, ListsAndReads) {
    ScratchDirectory directory;
    fill(directory);
    Result<OfflineQueue> queue = OfflineQueue::open_to_read(directory.path());
    ASSERT_TRUE(queue) << queue.error().text;
    Result<ipc::QueuePage> page = queue->ask(ipc::ListQueue{"", 2});
    ASSERT_TRUE(page);
    ASSERT_EQ(page->messages.size(), 2u);
    EXPECT_EQ(page->next, id_of(2));
    page = queue->ask(ipc::ListQueue{page->next, 2});
    ASSERT_EQ(page->messages.size(), 1u);
    EXPECT_EQ(page->messages[0].state, ipc::QueueState::hold);
    EXPECT_TRUE(page->next.empty());
    Result<ipc::QueuedMessage> small = queue->ask(ipc::ReadMessage{id_of(1), 0});
    ASSERT_TRUE(small);
    EXPECT_EQ(small->content, "Subject: x\r\n\r\nhello\r\n");
    EXPECT_EQ(small->recipients[0].address, "a@example.net");
    Result<ipc::QueuedMessage> large = queue->ask(ipc::ReadMessage{id_of(2), 0});
    ASSERT_TRUE(large);
    EXPECT_TRUE(large->file);
    EXPECT_EQ(queue->ask(ipc::ReadMessage{id_of(9), 0}).error().kind, ErrorKind::not_found);
    EXPECT_FALSE(queue->ask(ipc::ChangeQueue{ipc::QueueVerb::remove, id_of(1), "", false, 0, ""}));
}

TEST(OfflineQueue, ChangesWhatIsMeantAndOnlyOnce) {
    ScratchDirectory directory;
    fill(directory);
    OfflineQueue queue = offline(directory);
    auto count = [&queue](ipc::QueueVerb verb, std::string id, bool all, std::uint8_t queues) {
        Result<ipc::ChangedMessages> changed =
            queue.ask(ipc::ChangeQueue{verb, std::move(id), "", all, queues, ""});
        return changed ? static_cast<std::int64_t>(changed->count) : -1;
    };
    std::uint8_t held = ipc::bit_of(ipc::QueueState::hold), fresh = ipc::bit_of(ipc::QueueState::incoming);
    EXPECT_EQ(count(ipc::QueueVerb::hold, id_of(3), false, 0), 0);  // is already
    EXPECT_EQ(count(ipc::QueueVerb::expire, "", true, fresh), 2);
    EXPECT_EQ(count(ipc::QueueVerb::expire, "", true, 0), 1);
    EXPECT_EQ(count(ipc::QueueVerb::release, "", true, 0), 1);
    EXPECT_EQ(count(ipc::QueueVerb::remove, "", true, held), 0);
    EXPECT_EQ(count(ipc::QueueVerb::remove, id_of(1), false, held), 0);
    EXPECT_EQ(count(ipc::QueueVerb::remove, id_of(1), false, 0), 1);
    EXPECT_EQ(count(ipc::QueueVerb::remove, "", true, 0), 2);
    EXPECT_EQ(directory.content_files(), 0);
}

TEST(OfflineQueue, OneWriterAtATime) {
    ScratchDirectory directory;
    fill(directory);
    Spool manager = open(directory);
    EXPECT_FALSE(OfflineQueue::open(directory.path()));
}

TEST(OfflineQueue, FindsAndMends) {
    ScratchDirectory directory;
    fill(directory);
    {
        OfflineQueue queue = offline(directory);
        Result<ipc::QueueFindings> clean = queue.ask(ipc::CheckQueue{true, true});
        ASSERT_TRUE(clean);
        EXPECT_TRUE(clean->lines.empty());
        EXPECT_EQ(clean->messages, 3u);
    }
    std::ofstream(directory.path() + "/content/" + id_of(77)) << "of nobody";
    std::filesystem::resize_file(directory.path() + "/content/" + id_of(2), 10);
    {
        Result<sqlite::Database> database = sqlite::Database::open(directory.path() + "/queue.db");
        ASSERT_TRUE(database);
        ASSERT_TRUE(database->run("INSERT INTO content VALUES (99, x'00')"));
        ASSERT_TRUE(database->run("DELETE FROM content WHERE seq = 1"));
    }
    OfflineQueue queue = offline(directory);
    Result<ipc::QueueFindings> found = queue.ask(ipc::CheckQueue{true, true});
    ASSERT_TRUE(found);
    std::vector<std::string> wanted = {
        "content: 1 files without a message: removed",
        "queue.db: 1 rows of content without a message: removed",
        id_of(1) + ": its content in queue.db is missing: placed on hold",
        id_of(2) + ": content/" + id_of(2) + " has 10 octets instead of 70000: placed on hold"};
    EXPECT_EQ(found->lines, wanted);
    Result<ipc::QueueFindings> again = queue.ask(ipc::CheckQueue{true, true});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->lines.size(), 1u) << "what was swept at the opening is told again, the rest is mended";
}

}  // namespace
}  // namespace ekiden::queue
