#include "common/tables/socketmap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "common/event/gate.h"
#include "common/net/listener.h"
#include "common/tables/open.h"
#include "common/tables/socketmap_protocol.h"

namespace ekiden::tables {
namespace {

using testing::HasSubstr;

TEST(SocketmapProtocol, Netstrings) {
    EXPECT_EQ(socketmap_request("map", "a b"), "7:map a b,");
    auto whole = take_netstring("5:hello,rest", 100);
    ASSERT_TRUE(whole && *whole);
    EXPECT_EQ((*whole)->content, "hello");
    EXPECT_EQ((*whole)->taken, 8u);
    for (const char* part : {"", "5", "5:", "5:hello", "123456789"}) {
        auto more = take_netstring(part, 2'000'000'000);
        EXPECT_TRUE(more && !*more) << part;
    }
    for (const char* bad : {"x", ":", "5:hellox", "-1:,", "1234567890", "101:", "5;hello,"})
        EXPECT_FALSE(take_netstring(bad, 100)) << bad;
}

TEST(SocketmapProtocol, Replies) {
    EXPECT_EQ(**read_socketmap_reply("OK a value"), "a value");
    EXPECT_EQ(**read_socketmap_reply("OK "), "");
    EXPECT_FALSE(read_socketmap_reply("NOTFOUND ")->has_value());
    EXPECT_EQ(read_socketmap_reply("TEMP busy").error().text, "TEMP busy");
    EXPECT_EQ(read_socketmap_reply("TIMEOUT x").error().kind, ErrorKind::temporary);
    EXPECT_EQ(read_socketmap_reply("PERM no").error().kind, ErrorKind::permanent);
    EXPECT_EQ(read_socketmap_reply("WHAT").error().kind, ErrorKind::malformed);
    EXPECT_FALSE(read_socketmap_reply("OK " + std::string(limits::value + 1, 'x')));
}

TEST(SocketmapProtocol, Servers) {
    auto local = parse_socketmap("unix:/run/x:y:map");
    ASSERT_TRUE(local);
    EXPECT_EQ(std::get<std::string>(local->where), "/run/x:y");
    EXPECT_EQ(local->map, "map");
    EXPECT_EQ(std::get<net::Endpoint>(parse_socketmap("inet:127.0.0.1:10:m")->where).print(), "127.0.0.1:10");
    EXPECT_EQ(std::get<net::Endpoint>(parse_socketmap("inet:[::1]:10:m")->where).print(), "[::1]:10");
    EXPECT_EQ(std::get<net::Endpoint>(parse_socketmap("inet:localhost:10:m")->where).print(), "127.0.0.1:10");
    for (const std::string& bad : {std::string("x"), std::string("unix:relative:m"), std::string("unix:/x:"),
                                   std::string("inet:host.test:10:m"), std::string("inet:127.0.0.1:m"),
                                   "unix:/" + std::string(200, 'x') + ":m"}) {
        auto refused = parse_socketmap(bad);
        ASSERT_FALSE(refused) << bad;
        EXPECT_THAT(refused.error().text, HasSubstr("write socketmap:unix:/path:name"));
    }
}

// A server that answers each key with a scripted text, and the map's own name for the key "name".
class SocketmapTest : public testing::Test {
  protected:
    SocketmapTest() {
        std::string pattern = testing::TempDir() + "/socketmap-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        listener_ = std::move(*net::listen_on_path(directory_ + "/s", 0600, 10));
        Source source;
        source.loop = &loop_;
        std::vector<config::Finding> findings;
        table_ = std::move(*open("socketmap:unix:" + directory_ + "/s:map", source, findings));
        gate_.spawn(net::accept_connections(
            loop_, listener_.get(), "test", [] { return true; },
            [this](net::Accepted accepted) {
                ++connections_;
                gate_.spawn(serve(std::move(accepted.fd)));
            }));
    }
    ~SocketmapTest() override { std::filesystem::remove_all(directory_); }

    Task<> serve(OwnedFd fd) {
        net::Stream stream(loop_, std::move(fd));
        try {
            while (true) {
                auto request = take_netstring(stream.buffered(), 10'000);
                if (!request) co_return;
                if (!*request) {
                    co_await stream.fill(std::chrono::seconds(10));
                    continue;
                }
                std::string content((*request)->content);
                stream.consume((*request)->taken);
                if (content == "map close") co_return;
                std::string reply = content == "map none"  ? "NOTFOUND "
                                    : content == "map bad" ? "SOMETHING"
                                    : content == "map big" ? std::string(limits::socketmap_reply + 1, 'x')
                                                           : "OK <" + content + ">";
                stream.write(content == "map no netstring"
                                 ? "hello"
                                 : std::to_string(reply.size()) + ":" + reply + ",");
                co_await stream.flush(std::chrono::seconds(10));
                if (content == "map last") co_return;
            }
        } catch (const net::Closed&) {
        }
    }
    std::string find(const std::string& key) {
        Found found = loop_.run(table_->find(key));
        return !found ? "ERROR " + found.error().text : *found ? **found : "-";
    }

    event::Loop loop_;
    std::string directory_;
    OwnedFd listener_;
    std::unique_ptr<Table> table_;
    int connections_ = 0;
    event::Gate gate_{loop_};
};

TEST_F(SocketmapTest, AsksOverOneConnection) {
    EXPECT_EQ(find("a b"), "<map a b>");
    EXPECT_EQ(find("none"), "-");
    EXPECT_EQ(find("c"), "<map c>");
    EXPECT_EQ(connections_, 1);
    EXPECT_TRUE(find(std::string(limits::asked_key + 1, 'x')).ends_with("a key of 4097 octets is too long"));
}

TEST_F(SocketmapTest, AServerThatClosedIsAskedOnceMore) {
    EXPECT_EQ(find("last"), "<map last>");
    EXPECT_EQ(find("again"), "<map again>");
    EXPECT_EQ(connections_, 2);
}

TEST_F(SocketmapTest, WhatIsNoAnswerFailsForNow) {
    for (const char* key : {"close", "bad", "big", "no netstring"}) {
        std::string found = find(key);
        EXPECT_TRUE(found.starts_with("ERROR socketmap:unix:")) << key << ": " << found;
    }
    EXPECT_EQ(find("a"), "<map a>") << "a connection that went wrong is not used again";
    std::filesystem::remove(directory_ + "/s");
    table_.reset();
    Source source;
    source.loop = &loop_;
    std::vector<config::Finding> findings;
    table_ = std::move(*open("socketmap:unix:" + directory_ + "/s:map", source, findings));
    EXPECT_THAT(find("a"), HasSubstr("No such file or directory"));
    table_ = std::move(*open("socketmap:inet:127.0.0.1:1:map", source, findings));
    EXPECT_THAT(find("a"), HasSubstr("Connection refused"));
}

}  // namespace
}  // namespace ekiden::tables
