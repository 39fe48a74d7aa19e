#include "pop3d/session/session.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>

#include "common/event/gate.h"

namespace ekiden::pop3d {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A session on one end of a socketpair; the test speaks on the other, all in one loop.
class Dialogue {
  public:
    Dialogue(event::Loop& loop, event::Offload& pool, int mail_root, SessionSettings settings,
             std::string early = "")
        : loop_(loop), gate_(loop) {
        int ends[2];
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        far_ = std::make_unique<net::Stream>(loop, OwnedFd(ends[0]));
        near_ = std::make_unique<net::Stream>(loop, OwnedFd(ends[1]));
        near_->unread(std::move(early));
        session_ = std::make_unique<Session>(loop, pool, *near_, mail_root, settings);
        gate_.spawn(run());
    }
    std::string line() { return loop_.run(far_->read_line(100000, 10s)).text; }
    void send(std::string_view text) { far_->write(text), loop_.run(far_->flush(10s)); }
    std::string ask(std::string_view command) {
        send(std::string(command) + "\r\n");
        return line();
    }
    // The lines of a multi-line reply with CRLF, without the first and the last.
    std::string body() {
        std::string out;
        for (std::string text = line(); text != "."; text = line()) out += text + "\r\n";
        return out;
    }
    std::string multi(std::string_view command) {
        EXPECT_THAT(ask(command), StartsWith("+OK")) << command;
        return body();
    }
    void hang_up() { far_.reset(); }
    const SessionReport& report() {
        EXPECT_TRUE(loop_.run(gate_.empty(10s)));
        return report_;
    }

  private:
    Task<> run() { report_ = co_await session_->run("example.jp/taro/"); }
    event::Loop& loop_;
    std::unique_ptr<net::Stream> far_, near_;
    std::unique_ptr<Session> session_;
    SessionReport report_;
    event::Gate gate_;
};

class SessionTest : public ::testing::Test {
  protected:
    SessionTest() : pool_(loop_, 2, 100) {
        std::string pattern = (fs::temp_directory_path() / "ekiden-pop3-XXXXXX").string();
        root_ = mkdtemp(pattern.data());
        root_fd_.reset(open(root_.c_str(), O_RDONLY | O_DIRECTORY));
        for (const char* sub : {"new", "cur", "tmp"}) fs::create_directories(maildir() / sub);
    }
    ~SessionTest() override { fs::remove_all(root_); }
    fs::path maildir() const { return root_ / "example.jp/taro"; }
    void put(const std::string& name, std::string_view content) const {
        std::ofstream(maildir() / name, std::ios::binary) << content;
    }
    void put_three() const {
        put("new/1.a.h,S=14,W=18", "A: b\n\n.x\nbody\n");
        put("cur/2.b.h:2,S", "Subject: crlf\r\n\r\nx\r\n");
        put("new/3.c.h", "C: d\n\nno end");
    }
    std::unique_ptr<Dialogue> start(std::string early = "") {
        return std::make_unique<Dialogue>(loop_, pool_, root_fd_.get(), settings_, std::move(early));
    }
    event::Loop loop_;
    event::Offload pool_;
    SessionSettings settings_;
    fs::path root_;
    OwnedFd root_fd_;
};

TEST_F(SessionTest, EmptyMaildirThatDoesNotExistYet) {
    fs::remove_all(root_ / "example.jp");
    auto d = start();
    EXPECT_EQ(d->line(), "+OK 0 messages (0 octets)");
    EXPECT_EQ(d->ask("STAT"), "+OK 0 0");
    EXPECT_EQ(d->multi("LIST"), "");
    EXPECT_EQ(d->ask("QUIT"), "+OK Bye");
    EXPECT_EQ(d->report().reason, "quit");
}

TEST_F(SessionTest, ListsAndSends) {
    put_three();
    auto d = start();
    EXPECT_EQ(d->line(), "+OK 3 messages (54 octets)");
    EXPECT_EQ(d->multi("LIST"), "1 18\r\n2 20\r\n3 16\r\n");
}

TEST_F(SessionTest, OctetCountsAreWhatIsSent) {
    put_three();
    auto d = start();
    d->line();
    for (std::string number : {"1", "2", "3"}) {
        std::string body = d->multi("RETR " + number);
        std::size_t stuffing = body.starts_with("A:") ? 1 : 0;
        if (number != "1")
            EXPECT_EQ(d->ask("LIST " + number),
                      "+OK " + number + " " + std::to_string(body.size() - stuffing));
    }
    EXPECT_EQ(d->multi("RETR 1"), "A: b\r\n\r\n..x\r\nbody\r\n");
    EXPECT_EQ(d->multi("RETR 2"), "Subject: crlf\r\n\r\nx\r\n");
    EXPECT_EQ(d->multi("RETR 3"), "C: d\r\n\r\nno end\r\n");
    EXPECT_EQ(d->multi("TOP 1 1"), "A: b\r\n\r\n..x\r\n");
    EXPECT_EQ(d->multi("TOP 2 0"), "Subject: crlf\r\n\r\n");
    EXPECT_EQ(d->multi("UIDL"), "1 1.a.h\r\n2 2.b.h\r\n3 3.c.h\r\n");
    EXPECT_EQ(d->ask("UIDL 2"), "+OK 2 2.b.h");
}

TEST_F(SessionTest, DeletesAtQuitOnly) {
    put_three();
    auto d = start();
    d->line();
    EXPECT_EQ(d->ask("DELE 2"), "+OK Message 2 deleted");
    for (std::string_view command : {"DELE 2", "RETR 2", "LIST 2", "UIDL 2", "TOP 2 0"})
        EXPECT_EQ(d->ask(command), "-ERR Message 2 is deleted") << command;
    EXPECT_THAT(d->ask("STAT"), StartsWith("+OK 2 "));
    EXPECT_THAT(d->multi("LIST"), HasSubstr("3 16\r\n"));
    d->hang_up();
    EXPECT_EQ(d->report().reason, "connection lost");
    EXPECT_TRUE(fs::exists(maildir() / "cur/2.b.h:2,S"));

    d = start();
    d->line();
    d->ask("DELE 1");
    EXPECT_EQ(d->ask("RSET").substr(0, 5), "+OK 3");
    d->ask("DELE 2");
    EXPECT_EQ(d->ask("QUIT"), "+OK Bye");
    EXPECT_EQ(d->report().deleted, 1u);
    EXPECT_EQ(d->report().left, 2u);
    EXPECT_FALSE(fs::exists(maildir() / "cur/2.b.h:2,S"));
    EXPECT_TRUE(fs::exists(maildir() / "new/3.c.h"));
}

TEST_F(SessionTest, OneSessionAtATime) {
    auto first = start();
    first->line();
    auto second = start();
    EXPECT_THAT(second->line(), StartsWith("-ERR [IN-USE]"));
    EXPECT_EQ(second->report().reason, "mailbox in use");
    first->ask("QUIT");
    auto third = start();
    EXPECT_THAT(third->line(), StartsWith("+OK"));
}

TEST_F(SessionTest, WaitsForTheLockAsLongAsIsSet) {
    settings_.lock_timeout = 10s;
    auto first = start();
    first->line();
    auto second = start();
    first->hang_up();
    EXPECT_THAT(second->line(), StartsWith("+OK"));
}

TEST_F(SessionTest, PipelinedBehindTheLogin) {
    put_three();
    auto d = start("STAT\r\nNOOP\r\nQU");
    d->line();
    EXPECT_THAT(d->line(), StartsWith("+OK 3 "));
    EXPECT_EQ(d->line(), "+OK");
    EXPECT_EQ(d->ask("IT"), "+OK Bye");
}

TEST_F(SessionTest, RefusesWhatIsNotForIt) {
    auto d = start();
    d->line();
    for (std::string_view command :
         {"USER a", "PASS b", "STLS", "AUTH PLAIN", "APOP a 00000000000000000000000000000000"})
        EXPECT_EQ(d->ask(command), "-ERR Not after login") << command;
    for (std::string_view command : {"RETR 1", "DELE 1", "TOP 1 1", "LIST 4294967295"})
        EXPECT_EQ(d->ask(command), "-ERR No such message") << command;
    std::string capa = d->multi("CAPA");
    EXPECT_THAT(capa, HasSubstr("PIPELINING\r\n"));
    EXPECT_THAT(capa, ::testing::Not(HasSubstr("STLS")));
    EXPECT_THAT(d->ask("LIST " + std::string(300000, '1')), StartsWith("-ERR"));
    EXPECT_EQ(d->ask("NOOP"), "+OK");
}

TEST_F(SessionTest, TooManyBadCommandsEndIt) {
    settings_.bad_command_limit = 3;
    auto d = start();
    d->line();
    d->ask("x");
    d->ask("");
    d->ask("RETR x");
    EXPECT_EQ(d->line(), "-ERR Too many bad commands");
    EXPECT_EQ(d->report().reason, "too many bad commands");
}

TEST_F(SessionTest, IdleSessionsEndWithoutUpdate) {
    put_three();
    settings_.idle_timeout = 30ms;
    auto d = start();
    d->line();
    d->send("DELE 1\r\n");
    EXPECT_EQ(d->report().reason, "timeout");
    EXPECT_TRUE(fs::exists(maildir() / "new/1.a.h,S=14,W=18"));
}

TEST_F(SessionTest, LargeMessagesAreStreamed) {
    std::string content = "A: b\n\n";
    while (content.size() < 3'000'000)
        content += ".line of a large message " + std::to_string(content.size()) + "\n";
    put("new/1.big.h", content);
    auto d = start();
    std::string greeting = d->line();
    std::string body = d->multi("RETR 1");
    auto lines = static_cast<std::size_t>(std::ranges::count(content, '\n'));
    EXPECT_EQ(body.size(), content.size() + lines + (lines - 2));
    EXPECT_EQ(greeting, "+OK 1 messages (" + std::to_string(content.size() + lines) + " octets)");
    EXPECT_EQ(d->ask("QUIT"), "+OK Bye");
    EXPECT_EQ(d->report().retrieved, 1u);
}

TEST_F(SessionTest, ClientsThatLeaveInTheMiddle) {
    put("new/1.big.h", "A: b\n\n" + std::string(5'000'000, 'x'));
    for (int i = 0; i < 5; ++i) {
        auto d = start();
        d->line();
        d->send("RETR 1\r\nRETR 1\r\n");
        d->hang_up();
        EXPECT_EQ(d->report().reason, "connection lost");
    }
}

TEST_F(SessionTest, AMessageThatAnotherProgramRemoved) {
    put_three();
    auto d = start();
    d->line();
    fs::remove(maildir() / "new/3.c.h");
    EXPECT_EQ(d->ask("RETR 3"), "-ERR The message was removed by another program");
    fs::rename(maildir() / "new/1.a.h,S=14,W=18", maildir() / "cur/1.a.h,S=14,W=18:2,S");
    EXPECT_EQ(d->multi("TOP 1 0"), "A: b\r\n\r\n");
    d->ask("DELE 3");
    EXPECT_EQ(d->ask("QUIT"), "+OK Bye");
}

}  // namespace
}  // namespace ekiden::pop3d
