#include "common/net/stream.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <csignal>

#include "common/event/gate.h"
#include "common/log/logger.h"
#include "common/net/listener.h"

namespace ekiden::net {
namespace {

using namespace std::chrono_literals;

struct Pair {
    event::Loop loop;
    OwnedFd far;
    std::unique_ptr<Stream> near;
    Pair() {
        int ends[2];
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        far.reset(ends[0]);
        near = std::make_unique<Stream>(loop, OwnedFd(ends[1]));
    }
    void send(std::string_view text) {
        ASSERT_EQ(::write(far.get(), text.data(), text.size()), std::ssize(text));
    }
    std::string received() {
        char text[65536];
        ssize_t n = ::read(far.get(), text, sizeof text);
        return std::string(text, n > 0 ? static_cast<std::size_t>(n) : 0);
    }
    Line line(std::size_t limit = 100) { return loop.run(near->read_line(limit, 5s)); }
};

TEST(Stream, LinesAndTheirEnds) {
    Pair pair;
    pair.send("one\r\ntwo\nthree\r\r\n\r\n");
    EXPECT_EQ(pair.line().text, "one");
    Line two = pair.line();
    EXPECT_EQ(two.text, "two");
    EXPECT_FALSE(two.crlf);
    EXPECT_EQ(pair.line().text, "three\r");
    EXPECT_EQ(pair.line().text, "");
}

TEST(Stream, OverlongLineIsSkippedWhole) {
    Pair pair;
    pair.send(std::string(30000, 'x') + "\r\nnext\r\n");
    Line overlong = pair.line(10);
    EXPECT_TRUE(overlong.overlong);
    EXPECT_EQ(overlong.text, "xxxxxxxxxx");
    EXPECT_EQ(pair.line(10).text, "next");
    pair.send("12345678901\r\n1234567890\r\n");
    EXPECT_TRUE(pair.line(10).overlong);
    Line exact = pair.line(10);
    EXPECT_FALSE(exact.overlong);
    EXPECT_EQ(exact.text, "1234567890");
}

TEST(Stream, RepliesGoOutOnlyWhenItMustWait) {
    Pair pair;
    pair.send("a\r\nb\r\n");
    pair.line();
    pair.near->write("1\r\n");
    pair.line();
    pair.near->write("2\r\n");
    EXPECT_EQ(pair.received(), "");
    EXPECT_THROW(pair.loop.run(pair.near->read_line(10, 20ms)), Closed);
    EXPECT_EQ(pair.received(), "1\r\n2\r\n");
}

Task<> a_round(event::Loop& loop) { co_await loop.next_round(); }

Task<> echo_lines(Stream& stream, std::string name, std::string& order, std::size_t reply) {
    try {
        for (;;) {
            (void)co_await stream.read_line(100, 5s);
            order += name;
            stream.write(std::string(reply, '.'));
        }
    } catch (const Closed&) {
    }
}

TEST(Stream, WhoSendsManyLinesAtOnceTakesTurns) {
    Pair busy;
    OwnedFd far;
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    far.reset(ends[0]);
    Stream other(busy.loop, OwnedFd(ends[1]));
    std::string lines;
    for (int i = 0; i < 5000; ++i) lines += "noop\r\n";
    busy.send(lines);
    ASSERT_EQ(::write(far.get(), "noop\r\n", 6), 6);
    std::string order;
    event::Gate gate(busy.loop);
    gate.spawn(echo_lines(*busy.near, "b", order, 0));
    gate.spawn(echo_lines(other, "o", order, 0));
    while (order.size() < 5001) busy.loop.run_once();
    EXPECT_LT(order.find('o'), 100u);
}

TEST(Stream, WhoTakesNoRepliesIsReadNoFurther) {
    Pair pair;
    std::string lines, order;
    for (int i = 0; i < 5000; ++i) lines += "noop\r\n";
    pair.send(lines);
    event::Gate gate(pair.loop);
    gate.spawn(echo_lines(*pair.near, "x", order, 1000));
    std::size_t before = 1;
    while (order.size() != before) {
        before = order.size();
        for (int i = 0; i < 10; ++i) pair.loop.run(a_round(pair.loop));
    }
    EXPECT_LT(pair.near->unsent(), 70'000u);
    EXPECT_LT(order.size(), 1000u) << "what the kernel holds for the client, and the bound";
    while (order.size() < 5000)
        if (pair.received().empty()) pair.loop.run_once();
}

TEST(Stream, TheEndIsSeenWhateverOrderItComesIn) {
    for (bool wait_first : {false, true}) {
        Pair pair;
        pair.send("last\r\n");
        if (wait_first) pair.loop.run_once();
        pair.far.reset();
        EXPECT_EQ(pair.line().text, "last");
        try {
            pair.loop.run(pair.near->read_line(10, 5s));
            FAIL();
        } catch (const Closed& closed) {
            EXPECT_EQ(closed.why, Closed::Why::peer);
        }
    }
}

// A peer that closes with unread input resets the connection, and the loop cannot tell that from readiness.
TEST(Stream, AResetIsSeenThoughItCameWithTheLastOctets) {
    for (bool by_fill : {false, true}) {
        Pair pair;
        pair.near->write("never read");
        pair.loop.run(pair.near->flush(5s));
        pair.send("half a li");
        pair.far.reset();
        pair.loop.run_once();
        try {
            if (by_fill) {
                pair.loop.run(pair.near->fill(5s));
                pair.near->consume(pair.near->buffered().size());
                pair.loop.run(pair.near->fill(5s));
            } else {
                pair.loop.run(pair.near->read_line(100, 5s));
            }
            FAIL();
        } catch (const Closed& closed) {
            EXPECT_EQ(closed.why, Closed::Why::peer);
        }
    }
}

TEST(Stream, ALineMustBeCompleteInTime) {
    Pair pair;
    pair.send("half a li");
    try {
        pair.loop.run(pair.near->read_line(100, 20ms));
        FAIL();
    } catch (const Closed& closed) {
        EXPECT_EQ(closed.why, Closed::Why::timeout);
    }
}

TEST(Stream, LargeOutputIsFlushedThroughASlowReader) {
    Pair pair;
    std::string content(3'000'000, 'y');
    pair.near->write(content);
    Task<> flush = pair.near->flush(20s);
    flush.start();
    std::size_t got = 0;
    while (got < content.size()) {
        for (std::size_t n; (n = pair.received().size()) > 0;) got += n;
        if (!flush.done()) pair.loop.run_once();
    }
    EXPECT_TRUE(flush.done());
}

TEST(Stream, GivesItsDescriptorAway) {
    Pair pair;
    pair.send("PASS x\r\nSTAT\r\n");
    pair.line();
    Stream::Released released = pair.near->release();
    EXPECT_EQ(released.early, "STAT\r\n");
    EXPECT_TRUE(released.fd);
}

Task<> connect_and_say(event::Loop& loop, Endpoint where, std::string& heard) {
    Result<OwnedFd> fd = co_await connect_to(loop, where, std::nullopt, 5s);
    if (!fd) throw std::runtime_error(fd.error().text);
    Stream client(loop, std::move(*fd));
    client.write("hello\r\n");
    Line line = co_await client.read_line(100, 5s);
    heard = line.text;
}

Task<> echo(event::Loop& loop, OwnedFd fd) {
    Stream server(loop, std::move(fd));
    Line line = co_await server.read_line(100, 5s);
    server.write("you said " + line.text + "\r\n");
    co_await server.flush(5s);
}

struct Listening {
    event::Loop loop;
    OwnedFd listener = listen_on(Endpoint::parse("127.0.0.1:0").value(), 10).value();
    Endpoint address;
    event::Gate gate{loop};
    Listening() {
        sockaddr_storage raw;
        socklen_t size = sizeof raw;
        EXPECT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&raw), &size), 0);
        address = from_sockaddr(raw).value();
    }
    void serve(std::optional<std::string> busy) {
        gate.spawn(accept_connections(
            loop, listener.get(), "test", [] { return true; },
            [this](Accepted accepted) { gate.spawn(echo(loop, std::move(accepted.fd))); }, std::move(busy)));
    }
    // In the kernel's queue once the call is over; the loop does not run.
    std::unique_ptr<Stream> client() {
        sockaddr_storage raw;
        socklen_t size = to_sockaddr(address, raw);
        OwnedFd fd(socket(raw.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&raw), size), 0);
        EXPECT_EQ(fcntl(fd.get(), F_SETFL, O_NONBLOCK), 0);
        return std::make_unique<Stream>(loop, std::move(fd));
    }
    // What the server says until it closes.
    std::string heard(Stream& client) {
        std::string all;
        try {
            for (;;) {
                loop.run(client.fill(5s));
                all += client.buffered();
                client.consume(client.buffered().size());
            }
        } catch (const Closed& closed) {
            EXPECT_EQ(closed.why, Closed::Why::peer);
        }
        return all;
    }
    std::string echoed() {
        std::string text;
        loop.run(connect_and_say(loop, address, text));
        return text;
    }
};

TEST(Listener, AcceptsOnLoopback) {
    Listening server;
    server.serve(std::nullopt);
    EXPECT_EQ(server.echoed(), "you said hello");
}

// Not one more descriptor can be made in this process.
struct NoDescriptors {
    rlimit before{};
    NoDescriptors() {
        EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
        OwnedFd next(fcntl(0, F_DUPFD_CLOEXEC, 0));  // the lowest that is free
        rlimit none{static_cast<rlim_t>(next.get()), before.rlim_max};
        EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;
    ~NoDescriptors() { EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0); }
};

struct CountingSink : log::Sink {
    int lines = 0;
    CountingSink() { log::set_sink(this); }
    ~CountingSink() override { log::set_sink(nullptr); }
    void write(const log::Line&) override { ++lines; }
};

TEST(Listener, WithoutDescriptorsClientsAreSentAway) {
    for (std::string busy : {"421 too busy\r\n", ""}) {
        CountingSink log;
        Listening server;
        server.serve(busy);  // it has what it keeps back
        std::vector<std::unique_ptr<Stream>> clients;
        for (int i = 0; i < 5; ++i) clients.push_back(server.client());
        {
            const std::int64_t begun = system_clock().steady_us();
            NoDescriptors none;
            for (const std::unique_ptr<Stream>& client : clients) EXPECT_EQ(server.heard(*client), busy);
            EXPECT_GE(log.lines, 1);
            EXPECT_LE(log.lines, 1 + (system_clock().steady_us() - begun) / 1'000'000) << "one a second";
        }
        EXPECT_EQ(server.echoed(), "you said hello");
    }
}

TEST(Listener, WhoIsToldNothingWaitsForADescriptor) {
    CountingSink log;
    Listening server;
    std::string text;
    auto client = server.client();
    {
        NoDescriptors none;
        server.serve(std::nullopt);
        while (log.lines == 0) server.loop.run_once();
    }
    client->write("hello\r\n");
    EXPECT_EQ(server.heard(*client), "you said hello\r\n");
}

}  // namespace
}  // namespace ekiden::net
