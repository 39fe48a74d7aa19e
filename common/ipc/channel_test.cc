#include "common/ipc/channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "common/ipc/messages/all.h"
#include "common/log/events.h"

namespace ekiden::ipc {
namespace {

using namespace std::chrono_literals;

Task<Result<RecipientVerdict>> verdict_of(VerifyRecipient question, Sender) {
    if (question.recipient == "boom") throw std::runtime_error("boom");
    if (question.recipient.empty()) co_return denied("no recipient");
    if (question.recipient == "long")
        co_return RecipientVerdict{AddressClass::remote, true, 250, std::string(limits::payload, 'x')};
    co_return RecipientVerdict{AddressClass::remote, true, 250, question.recipient};
}

Task<Result<ContentFile>> file_for(OpenContent, Sender) { co_return ContentFile{OwnedFd(dup(0))}; }

struct Ends {
    event::Loop loop;
    Dispatcher dispatcher;
    bool client_closed = false, server_closed = false;
    std::unique_ptr<Channel> client, server;
    explicit Ends(Service client_service, Service server_service) {
        int fds[2];
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        dispatcher.answer<VerifyRecipient>(verdict_of);
        dispatcher.answer<OpenContent>(file_for);
        client = std::make_unique<Channel>(loop, OwnedFd(fds[0]), client_service, Sender{server_service},
                                           dispatcher, [this](Channel&) { client_closed = true; });
        server = std::make_unique<Channel>(loop, OwnedFd(fds[1]), server_service, Sender{client_service},
                                           dispatcher, [this](Channel&) { server_closed = true; });
    }
    Result<RecipientVerdict> ask(std::string recipient) {
        return loop.run(client->ask(VerifyRecipient{std::move(recipient), ""}, 5s));
    }
};

TEST(Channel, AsksAndAnswers) {
    Ends ends(Service::smtpd, Service::router);
    Result<RecipientVerdict> verdict = ends.ask("a@b");
    ASSERT_TRUE(verdict) << verdict.error().text;
    EXPECT_EQ(verdict->text, "a@b");
}

TEST(Channel, ErrorsKeepTheirKind) {
    Ends ends(Service::smtpd, Service::router);
    Result<RecipientVerdict> verdict = ends.ask("");
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().kind, ErrorKind::denied);
    EXPECT_EQ(verdict.error().text, "no recipient");
    EXPECT_EQ(ends.ask("boom").error().kind, ErrorKind::temporary) << "an exception ends the request only";
    EXPECT_TRUE(ends.ask("a@b"));
}

TEST(Channel, LargeMessagesAndManyAtOnce) {
    Ends ends(Service::smtpd, Service::router);
    event::Gate gate(ends.loop);
    int answered = 0;
    auto one = [](Channel& channel, std::string text, int& count) -> Task<> {
        Result<RecipientVerdict> verdict = co_await channel.ask(VerifyRecipient{text, ""}, 10s);
        if (verdict && verdict->text == text) ++count;
    };
    for (int i = 0; i < 50; ++i)
        gate.spawn(one(*ends.client, std::string(100'000, static_cast<char>('a' + i % 26)), answered));
    EXPECT_TRUE(ends.loop.run(gate.empty(10s)));
    EXPECT_EQ(answered, 50);
}

TEST(Channel, WhatHasArrivedBeforeIsHandledAfterTheConstructor) {
    int fds[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    std::string payload;
    std::vector<int> none;
    encode(Drain{5, false}, payload, none);
    std::string frame = encode_header(
        {static_cast<std::uint32_t>(payload.size()), type_of(Drain::name), 0, FrameKind::tell, 0});
    frame += payload;
    ASSERT_EQ(::write(fds[0], frame.data(), frame.size()), std::ssize(frame));
    OwnedFd far(fds[0]);

    event::Loop loop;
    Dispatcher dispatcher;
    std::unique_ptr<Channel> channel;
    bool heard = false;
    dispatcher.hear<Drain>([&](Drain, const Sender&) {
        EXPECT_NE(channel, nullptr);
        heard = true;
    });
    channel = std::make_unique<Channel>(loop, OwnedFd(fds[1]), Service::smtpd, Sender{Service::master},
                                        dispatcher, [](Channel&) {});
    EXPECT_FALSE(heard);
    while (!heard) loop.run_once();
}

TEST(Channel, DescriptorsArrive) {
    Ends ends(Service::smtpd, Service::manager);
    for (int i = 0; i < 20; ++i) {
        Result<ContentFile> file = ends.loop.run(ends.client->ask(OpenContent{"Q"}, 5s));
        ASSERT_TRUE(file) << file.error().text;
        EXPECT_TRUE(file->file);
    }
}

TEST(Channel, AnAnswerThatDoesNotFitIsAnError) {
    Ends ends(Service::smtpd, Service::router);
    Result<RecipientVerdict> verdict = ends.ask("long");
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().kind, ErrorKind::temporary);
    EXPECT_TRUE(ends.ask("a@b")) << "the channel lives on";
}

TEST(Channel, WhatDoesNotFitIsNotSent) {
    Ends ends(Service::smtpd, Service::router);
    EXPECT_FALSE(ends.client->tell(StartFailed{std::string(limits::payload, 'x')}));
    Begin many{};
    for (std::size_t i = 0; i <= limits::descriptors; ++i) many.listeners.emplace_back(dup(0));
    EXPECT_FALSE(ends.client->tell(many));
    EXPECT_EQ(ends.client->unsent(), 0u);
    EXPECT_TRUE(ends.ask("a@b"));
}

TEST(Channel, ADescriptorThatCannotBeDuplicatedIsNotSent) {
    std::vector<OwnedFd> copies = duplicate({0, 1000000});
    ASSERT_EQ(copies.size(), 2u);
    EXPECT_TRUE(obstacle(0, copies));
    copies.pop_back();
    EXPECT_FALSE(obstacle(0, copies));
}

// The line about a peer that does not read may itself want to take the channel to that peer.
TEST(Channel, ALoggerThatDoesNotReadIsCutOffOnce) {
    struct Sink : log::Sink {
        Channel* channel = nullptr;
        int lines = 0;
        void write(const log::Line& line) override {
            ++lines;
            if (channel) channel->tell(LogLine{0, 0, std::string(line.event), line.text, line.json});
        }
    } sink;
    int fds[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    OwnedFd far(fds[0]);
    event::Loop loop;
    Dispatcher dispatcher;
    Channel channel(loop, OwnedFd(fds[1]), Service::smtpd, Sender{Service::logger}, dispatcher,
                    [](Channel&) {});
    sink.channel = &channel;
    log::set_sink(&sink);
    while (channel.tell(LogLine{0, 0, "event", std::string(1'000'000, 'x'), "{}"})) continue;
    log::set_sink(nullptr);
    EXPECT_FALSE(channel.open());
    EXPECT_EQ(sink.lines, 1);
}

TEST(Channel, WhatIsNotInTheTableEndsIt) {
    Ends ends(Service::relay, Service::router);  // relay may look up tables, not verify recipients
    EXPECT_FALSE(ends.ask("a@b"));
    EXPECT_FALSE(ends.server->open());
    while (!ends.server_closed || !ends.client_closed) ends.loop.run_once();
}

TEST(Channel, GarbageEndsIt) {
    Ends ends(Service::smtpd, Service::router);
    int fds[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    OwnedFd far(fds[0]);
    bool closed = false;
    Channel victim(ends.loop, OwnedFd(fds[1]), Service::router, Sender{Service::smtpd}, ends.dispatcher,
                   [&](Channel&) { closed = true; });
    std::string garbage(1000, '\xff');
    ASSERT_EQ(write(far.get(), garbage.data(), garbage.size()), 1000);
    while (!closed) ends.loop.run_once();
    EXPECT_FALSE(victim.open());
}

// A peer out of control: requests one after the other, whose answers it neither gets nor waits for.
struct Flood {
    Ends ends{Service::smtpd, Service::router};
    event::Signal never{ends.loop};
    std::size_t begun = 0, octets = 0;
    bool closed = false;
    OwnedFd far;
    std::unique_ptr<Channel> victim;

    Flood() {
        ends.dispatcher.answer<VerifyRecipient>([this](VerifyRecipient question, Sender sender) {
            if (question.recipient == "a@b") return verdict_of(std::move(question), std::move(sender));
            ++begun;
            octets += question.recipient.size();
            return no_verdict(never);
        });
        int fds[2];
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
        far.reset(fds[0]);
        victim =
            std::make_unique<Channel>(ends.loop, OwnedFd(fds[1]), Service::router, Sender{Service::smtpd},
                                      ends.dispatcher, [this](Channel&) { closed = true; });
    }
    static Task<Result<RecipientVerdict>> no_verdict(event::Signal& never) {
        co_await never.wait(1h);
        co_return temporary("late");
    }
    // Sends requests of that size until the channel is closed, or `most` have gone out. Every now and then
    // somebody else asks, and is answered.
    void run(std::size_t size, std::size_t most) {
        std::string payload;
        std::vector<int> none;
        encode(VerifyRecipient{std::string(size, 'x'), ""}, payload, none);
        std::string unsent;
        for (std::size_t sent = 0; !closed && (sent < most || !unsent.empty());) {
            while (sent < most && unsent.size() < 100'000) {
                unsent +=
                    encode_header({static_cast<std::uint32_t>(payload.size()), type_of(VerifyRecipient::name),
                                   static_cast<std::uint32_t>(++sent), FrameKind::request, 0});
                unsent += payload;
                if (sent % (most / 10) == 0) EXPECT_TRUE(ends.ask("a@b")) << "after " << sent;
            }
            ssize_t written = ::send(far.get(), unsent.data(), unsent.size(), MSG_NOSIGNAL);
            if (written > 0) unsent.erase(0, static_cast<std::size_t>(written));
            ends.loop.run_once();
        }
    }
};

struct ReasonSink : log::Sink {
    std::string text;
    ReasonSink() { log::set_sink(this); }
    ~ReasonSink() override { log::set_sink(nullptr); }
    void write(const log::Line& line) override { text += line.text + '\n'; }
};

TEST(Channel, WhoHasTooManyRequestsUnderWayIsCutOff) {
    ReasonSink sink;
    Flood flood;
    flood.run(10, 200'000);
    EXPECT_TRUE(flood.closed);
    EXPECT_FALSE(flood.victim->open());
    EXPECT_GE(flood.begun, 1000u) << "what is usual must pass";
    EXPECT_LE(flood.begun, 100'000u);
    EXPECT_NE(sink.text.find("it has too many requests under way"), std::string::npos) << sink.text;
    EXPECT_TRUE(flood.ends.ask("a@b")) << "others go on";
    flood.victim.reset();
    EXPECT_FALSE(flood.never.awaited()) << "its requests end with it";
}

TEST(Channel, WhoHasTooMuchUnderWayIsCutOff) {
    ReasonSink sink;
    Flood flood;
    flood.run(limits::payload / 2, 1000);
    EXPECT_TRUE(flood.closed);
    EXPECT_LE(flood.octets, 256u * 1024 * 1024);
    EXPECT_NE(sink.text.find("it has too many requests under way"), std::string::npos) << sink.text;
    EXPECT_TRUE(flood.ends.ask("a@b")) << "others go on";
}

// Sends octets with a descriptor, which may be more than was asked for.
void send_with_descriptor(int fd, std::string octets, int descriptor) {
    iovec part{octets.data(), octets.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    ASSERT_EQ(sendmsg(fd, &message, MSG_NOSIGNAL), std::ssize(octets));
}

TEST(Channel, WhoMayNotSendDescriptorsIsCutOff) {
    std::string payload;
    std::vector<int> none;
    encode(VerifyRecipient{"a@b", ""}, payload, none);
    auto frame = [&payload](std::uint8_t descriptors) {
        return encode_header({static_cast<std::uint32_t>(payload.size()), type_of(VerifyRecipient::name), 1,
                              FrameKind::request, descriptors}) +
               payload;
    };
    for (bool claimed : {true, false}) {  // in the frame's header, or to the kernel alone
        ReasonSink sink;
        Ends ends(Service::smtpd, Service::router);
        int fds[2];
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        OwnedFd far(fds[0]);
        bool closed = false;
        Bounds bounds;
        bounds.descriptors = false;
        Channel victim(
            ends.loop, OwnedFd(fds[1]), Service::router, Sender{Service::smtpd}, ends.dispatcher,
            [&](Channel&) { closed = true; }, bounds);
        if (claimed) {
            std::string octets = frame(1);
            ASSERT_EQ(write(far.get(), octets.data(), octets.size()), std::ssize(octets));
        } else {
            int ends_of_pipe[2];
            ASSERT_EQ(pipe2(ends_of_pipe, O_CLOEXEC | O_NONBLOCK), 0);
            OwnedFd reading(ends_of_pipe[0]), writing(ends_of_pipe[1]);
            send_with_descriptor(far.get(), frame(0), writing.get());
        }
        while (!closed) ends.loop.run_once();
        EXPECT_FALSE(victim.open());
        EXPECT_NE(sink.text.find("descriptors"), std::string::npos) << sink.text;
    }
}

TEST(Channel, LossFailsWhatIsPending) {
    Ends ends(Service::smtpd, Service::router);
    ends.server.reset();
    Result<RecipientVerdict> verdict = ends.ask("a@b");
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().kind, ErrorKind::temporary);
}

// A channel whose other end the test writes by hand.
struct Asker {
    event::Loop loop;
    Dispatcher none;
    OwnedFd far;
    std::unique_ptr<Channel> channel;
    event::Gate gate{loop};
    std::vector<std::string> answers;
    Asker() {
        int fds[2];
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        far.reset(fds[1]);
        channel = std::make_unique<Channel>(loop, OwnedFd(fds[0]), Service::smtpd, Sender{Service::router},
                                            none, [](Channel&) {});
    }
    void ask() { gate.spawn(asked(*channel, answers)); }
    static Task<> asked(Channel& channel, std::vector<std::string>& answers) {
        Result<RecipientVerdict> verdict = co_await channel.ask(VerifyRecipient{"a@b", ""}, 1h);
        answers.push_back(verdict ? verdict->text : verdict.error().text);
    }
    // The other end answers the first question and is gone.
    void answer_and_go() {
        while (!loop.run(channel->sent(1h))) loop.run_once();
        std::string payload;
        std::vector<int> numbers;
        encode(RecipientVerdict{AddressClass::remote, true, 250, "the answer"}, payload, numbers);
        std::string frame = encode_header({static_cast<std::uint32_t>(payload.size()),
                                           type_of(RecipientVerdict::name), 1, FrameKind::reply, 0}) +
                            payload;
        ASSERT_EQ(write(far.get(), frame.data(), frame.size()), std::ssize(frame));
        far.reset();
    }
};

// As a worker does that ends once all is answered: answer and end are read in one go.
TEST(Channel, AnAnswerBeforeTheEndCounts) {
    Asker asker;
    asker.ask();
    asker.answer_and_go();
    EXPECT_TRUE(asker.loop.run(asker.gate.empty(5s)));
    EXPECT_EQ(asker.answers, std::vector<std::string>{"the answer"});
}

// Sending fails before the answer was read.
TEST(Channel, AnAnswerCountsThoughNothingMoreCanBeSent) {
    Asker asker;
    asker.ask();
    asker.answer_and_go();
    asker.ask();
    EXPECT_TRUE(asker.loop.run(asker.gate.empty(5s)));
    ASSERT_EQ(asker.answers.size(), 2u);
    EXPECT_EQ(asker.answers[0], "the answer");
    EXPECT_EQ(asker.answers[1], "lost the connection to the service");
}

// Its end is an error of the socket, which comes in one edge with the last octets.
TEST(Channel, APeerThatWasKilledWithUnreadInputIsGone) {
    int fds[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    OwnedFd far(fds[0]);
    event::Loop loop;
    Dispatcher dispatcher;
    bool closed = false;
    event::Signal gone(loop);
    auto note = [&](Channel&) {
        closed = true;
        gone.notify_all();
    };
    Channel channel(loop, OwnedFd(fds[1]), Service::router, Sender{Service::smtpd}, dispatcher, note);
    ASSERT_EQ(write(fds[1], "unread", 6), 6);
    loop.run_once();  // the channel waits for its first octet
    ASSERT_EQ(write(far.get(), "half", 4), 4);
    far.reset();
    EXPECT_TRUE(loop.run(gone.until([&] { return closed; }, 10s)));
}

const LogLine long_line{0, 0, "event", std::string(1'000'000, 'x'), "{}"};

TEST(Channel, TellsWhenAllIsSent) {
    Ends ends(Service::smtpd, Service::logger);
    int heard = 0;
    ends.dispatcher.hear<LogLine>([&](LogLine, const Sender&) { ++heard; });
    EXPECT_TRUE(ends.loop.run(ends.client->sent(0ms))) << "nothing was written";
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(ends.client->tell(long_line));
    EXPECT_FALSE(ends.loop.run(ends.client->sent(0ms)));
    EXPECT_TRUE(ends.loop.run(ends.client->sent(10s)));
    EXPECT_EQ(ends.client->unsent(), 0u);
    while (heard < 5) ends.loop.run_once();
}

TEST(Channel, WhatIsNotReadIsNotSent) {
    int fds[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    OwnedFd far(fds[0]);
    event::Loop loop;
    Dispatcher dispatcher;
    Channel channel(loop, OwnedFd(fds[1]), Service::smtpd, Sender{Service::logger}, dispatcher,
                    [](Channel&) {});
    EXPECT_TRUE(channel.tell(long_line));
    EXPECT_FALSE(loop.run(channel.sent(20ms)));
    EXPECT_TRUE(channel.open());
    far.reset();
    EXPECT_FALSE(loop.run(channel.sent(1h))) << "it will never be";
    EXPECT_FALSE(channel.open());
}

}  // namespace
}  // namespace ekiden::ipc
