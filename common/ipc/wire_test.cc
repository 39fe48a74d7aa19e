#include "common/ipc/wire.h"

#include <gtest/gtest.h>

#include <set>

#include "common/ipc/messages/all.h"

namespace ekiden::ipc {
namespace {

template <class M>
Result<M> through(const M& message) {
    std::string bytes;
    std::vector<int> numbers;
    encode(message, bytes, numbers);
    std::vector<OwnedFd> fds;
    for (int fd : numbers) fds.emplace_back(dup(fd));
    return decode<M>(bytes, fds);
}

TEST(Wire, CommitSurvives) {
    Commit commit{};
    commit.queue_id = "4cXyz12z3abc";
    commit.recipients = {{"a@example.jp", "rfc822;b@example.jp", 6}, {"c@example.jp", "", 0}};
    commit.notes.size = 1ull << 40;
    commit.content = std::string("a\0b\r\n", 5);
    commit.arrival = -5;
    Result<Commit> back = through(commit);
    ASSERT_TRUE(back) << back.error().text;
    EXPECT_EQ(back->queue_id, commit.queue_id);
    EXPECT_EQ(back->recipients.at(0).original, "rfc822;b@example.jp");
    EXPECT_EQ(back->notes.size, commit.notes.size);
    EXPECT_EQ(back->content, commit.content);
    EXPECT_EQ(back->arrival, -5);
}

TEST(Wire, DescriptorsTravelBesideTheBytes) {
    ContentFile file{OwnedFd(dup(0))};
    Result<ContentFile> back = through(file);
    ASSERT_TRUE(back);
    EXPECT_TRUE(back->file);
    std::vector<OwnedFd> none;
    EXPECT_FALSE(decode<ContentFile>(std::string_view("\1", 1), none)) << "promised but not sent";
    std::vector<OwnedFd> spare;
    spare.emplace_back(dup(0));
    EXPECT_FALSE(decode<Ready>("", spare)) << "sent but not promised";
}

TEST(Wire, RefusesEveryTruncationAndEveryRest) {
    DnsAnswer answer{DnsStatus::ok, true, false, "mx.example.jp", 300, {"abc", ""}, ""};
    std::string bytes;
    std::vector<int> numbers;
    encode(answer, bytes, numbers);
    std::vector<OwnedFd> fds;
    ASSERT_TRUE(decode<DnsAnswer>(bytes, fds));
    for (std::size_t cut = 0; cut < bytes.size(); ++cut)
        EXPECT_FALSE(decode<DnsAnswer>(bytes.substr(0, cut), fds));
    EXPECT_FALSE(decode<DnsAnswer>(bytes + '\0', fds));
}

TEST(Wire, RefusesValuesOutOfRange) {
    std::vector<OwnedFd> fds;
    EXPECT_FALSE(decode<ReserveIds>("\xff\xff\x04", fds)) << "65537+ in sixteen bits";
    EXPECT_FALSE(decode<ReserveIds>(std::string_view("\x81\x00", 2), fds)) << "a longer form than needed";
    EXPECT_FALSE(decode<ReserveIds>("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", fds)) << "more than 64 bits";
    EXPECT_FALSE(decode<ChangeQueue>(std::string_view("\x05\0\0\0", 4), fds)) << "no such verb";
    EXPECT_FALSE(decode<ChangeQueue>(std::string_view("\x01\0\0\2", 4), fds)) << "no such truth";
    EXPECT_FALSE(decode<QueueIds>("\xff\xff\xff\xff\x0f", fds)) << "a list longer than its message";
}

template <std::size_t... I>
std::set<std::uint32_t> types(std::index_sequence<I...>) {
    return {type_of(std::tuple_element_t<I, AllMessages>::name)...};
}

TEST(Wire, NamesGiveDifferentTypes) {
    constexpr std::size_t count = std::tuple_size_v<AllMessages>;
    EXPECT_EQ(types(std::make_index_sequence<count>()).size(), count);
}

TEST(Senders, OnlyTheTableMaySpeak) {
    EXPECT_TRUE(permitted(Service::smtpd, Service::router, type_of(VerifyRecipient::name)));
    EXPECT_FALSE(permitted(Service::smtpd, Service::router, type_of(ResolveRecipients::name)));
    EXPECT_FALSE(permitted(Service::smtpd, Service::authd, type_of(RedeemTicket::name)));
    EXPECT_FALSE(permitted(Service::pop3_front, Service::authd, type_of(AdminCommand::name)));
    EXPECT_TRUE(permitted(Service::smtpd, Service::master, type_of(Ready::name)));
    EXPECT_FALSE(permitted(Service::smtpd, Service::master, type_of(Begin::name)));
    EXPECT_TRUE(linked(Service::manager, Service::router));
    EXPECT_FALSE(linked(Service::smtpd, Service::relay));
}

}  // namespace
}  // namespace ekiden::ipc
