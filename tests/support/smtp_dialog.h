#pragma once
// Plays a .dialog file against an SMTP server session over a socketpair, with scripted peers. A line is a
// sign, a colon, a blank and text:
//
//   C  the client says this line          R  raw octets, with \r \n \0 \xNN
//   D  raw octets again and again until the server speaks
//   S  the next reply begins so           s  that reply has a line that begins so
//   N  no line of that reply begins so    W  the next reply takes at least so many milliseconds
//   X  the server closes the connection   K  the client closes
//   T  the client starts TLS
//   E  an event was logged, with these words in its text or JSON form
//   I  a line was logged, in its text form exactly this
//   n  no line with this was logged so far
//   M  the message committed last: sender= to= login= grant= content~ content!~
//   P  peers were told of this
//   Q  peers were asked exactly this (since the last Q; "-" for nothing)
//   =  before the session: a parameter, or `client ADDRESS`, `login USER PASSWORD`, `grant ADDRESS USER`,
//      `table TABLE KEY VALUE`, `fail WHAT`, `rate N`, `connections N`, `wrapper`
//
// Empty lines and lines that begin with # are skipped.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "common/event/gate.h"
#include "common/log/logger.h"
#include "common/smtp/session.h"
#include "tests/support/scripted_house.h"

namespace ekiden::tests {

using MakePolicy = std::function<std::unique_ptr<smtp::Policy>(const Settings&)>;

class LogLines final : public log::Sink {
  public:
    explicit LogLines(event::Loop& loop) : arrived(loop) { log::set_sink(this); }
    LogLines(const LogLines&) = delete;
    LogLines& operator=(const LogLines&) = delete;
    ~LogLines() override { log::set_sink(nullptr); }
    void write(const log::Line& line) override {
        texts.push_back(line.text);
        lines.push_back(line.text + " " + line.json);
        arrived.notify_all();
    }
    bool holds(const std::vector<std::string>& words) const {
        return std::ranges::any_of(lines, [&](const std::string& line) {
            return std::ranges::all_of(
                words, [&](const std::string& w) { return line.find(w) != std::string::npos; });
        });
    }
    std::vector<std::string> texts, lines;
    event::Signal arrived;
};

class Dialog {
  public:
    Dialog(std::filesystem::path file, smtp::Role role, MakePolicy make_policy)
        : file_(std::move(file)), role_(role), make_policy_(std::move(make_policy)) {}

    void play() {
        read();
        prepare();
        if (::testing::Test::HasFatalFailure()) return;
        try {
            loop_.run(follow());
        } catch (const std::exception& failure) {
            ADD_FAILURE() << where_ << ": " << failure.what();
        }
        sessions_->clear();
    }

  private:
    struct Step {
        std::size_t number;
        char sign;
        std::string text;
    };

    void read() {
        std::ifstream in(file_);
        std::string line;
        for (std::size_t number = 1; std::getline(in, line); ++number) {
            if (line.empty() || line[0] == '#') continue;
            if (line[0] == '=') {
                begin_with(line.substr(1));
            } else {
                steps_.push_back({number, line[0], line.size() > 3 ? line.substr(3) : std::string()});
            }
        }
        ASSERT_FALSE(steps_.empty()) << file_;
    }

    void begin_with(const std::string& line) {
        std::istringstream words(line);
        std::string word, one, two, three;
        words >> word >> one >> two;
        std::getline(words >> std::ws, three);
        if (word == "client") {
            client_ = one;
        } else if (word == "login") {
            house_.passwords[one] = two;
        } else if (word == "grant") {
            house_.grants[one] = two;
        } else if (word == "table") {
            house_.tables[one + " " + two] = three;
        } else if (word == "fail") {
            house_.failing.insert(two.empty() ? one : one + " " + two);
        } else if (word == "rate") {
            house_.rate = static_cast<std::uint32_t>(std::stoul(one));
        } else if (word == "connections") {
            house_.connections = static_cast<std::uint32_t>(std::stoul(one));
        } else if (word == "wrapper") {
            wrapper_ = true;
            raw_["smtpd_tls_wrappermode"] = "yes";
        } else {
            std::size_t equal = line.find('=');
            raw_[std::string(text::trim(line.substr(0, equal)))] = text::trim(line.substr(equal + 1));
        }
    }

    void prepare() {
        raw_.insert({"myhostname", "mail.example.jp"});
        raw_.insert({"mynetworks", "127.0.0.0/8"});
        raw_.insert({"smtpd_error_sleep_time", "0s"});
        Result<Settings> settings = Settings::make(raw_);
        ASSERT_TRUE(settings) << settings.error().text;
        settings_ = std::make_unique<Settings>(std::move(*settings));
        Result<smtp::SessionOptions> options = smtp::SessionOptions::from(*settings_, role_);
        ASSERT_TRUE(options) << options.error().text;
        policy_ = make_policy_(*settings_);
        server_ = std::make_unique<smtp::Server>(loop_, house_, std::move(*options), *policy_);
        std::ifstream pem("tests/support/identity.pem");
        std::string identity((std::istreambuf_iterator<char>(pem)), {});
        Result<net::TlsContext> tls = net::TlsContext::server(identity, Secret(identity), "smtp");
        ASSERT_TRUE(tls) << tls.error().text;
        tls_ = std::make_shared<const net::TlsContext>(std::move(*tls));
        server_->tls = [this] { return tls_; };
        sessions_ = std::make_unique<event::Gate>(loop_);
    }

    static Task<> serve(smtp::Server& server, net::Accepted connection) {
        smtp::Session session(server, std::move(connection));
        co_await session.run();
    }

    Task<> follow() {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) co_return;
        stream_ = std::make_unique<net::Stream>(loop_, OwnedFd(ends[0]));
        net::Accepted connection;
        connection.fd.reset(ends[1]);
        connection.client.address = *net::IpAddress::parse(client_);
        sessions_->spawn(serve(*server_, std::move(connection)));
        if (wrapper_) co_await start_tls();
        for (const Step& step : steps_) {
            where_ = file_.filename().string() + ":" + std::to_string(step.number);
            co_await one(step);
            if (::testing::Test::HasFailure()) co_return;
        }
    }

    Task<> one(const Step& step) {
        switch (step.sign) {
            case 'C': stream_->write(step.text + "\r\n"); break;
            case 'R': stream_->write(unescape(step.text)); break;
            case 'D': co_await drip(unescape(step.text)); break;
            case 'S': co_await expect_reply(step.text); break;
            case 'W': wait_ = Milliseconds(std::stoi(step.text)); break;
            case 's': EXPECT_TRUE(reply_has(step.text)) << where_ << ": " << step.text; break;
            case 'N': EXPECT_FALSE(reply_has(step.text)) << where_ << ": " << step.text; break;
            case 'T': co_await start_tls(); break;
            case 'X': co_await expect_end(); break;
            case 'K':
                co_await stream_->flush(patience);
                stream_.reset();
                co_await sessions_->empty(patience);
                break;
            case 'E': co_await expect_event(step.text); break;
            case 'I': co_await expect_line(step.text); break;
            case 'n': EXPECT_FALSE(log_.holds({step.text})) << where_; break;
            case 'M': expect_message(step.text); break;
            case 'P': EXPECT_TRUE(std::ranges::count(house_.told, step.text) > 0) << where_; break;
            case 'Q': expect_questions(step.text); break;
            default: ADD_FAILURE() << where_ << ": unknown sign";
        }
    }

    // Each piece in good time for a single wait; `patience` bounds it all.
    Task<> drip(std::string octets) {
        const std::int64_t end = system_clock().steady_us() + std::chrono::microseconds(patience).count();
        while (stream_->buffered().empty() && system_clock().steady_us() < end) {
            // Past the buffers: the server may close while a piece is under way.
            ::send(stream_->fd(), octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            try {
                co_await stream_->fill(Milliseconds(20));
            } catch (const net::Closed& closed) {
                if (closed.why != net::Closed::Why::timeout) throw;
            }
        }
    }

    Task<> expect_reply(std::string wanted) {
        const std::int64_t begin = system_clock().steady_us();
        const Milliseconds least = std::exchange(wait_, Milliseconds(0));
        reply_.clear();
        for (bool more = true; more;) {
            net::Line line = co_await stream_->read_line(4096, patience);
            EXPECT_TRUE(line.crlf) << where_;
            more = line.text.size() > 3 && line.text[3] == '-';
            reply_.push_back(std::move(line.text));
        }
        EXPECT_TRUE(reply_[0].starts_with(wanted))
            << where_ << ": wanted \"" << wanted << "\", got \"" << reply_[0] << '"';
        EXPECT_GE(system_clock().steady_us() - begin, std::chrono::microseconds(least).count()) << where_;
    }

    bool reply_has(const std::string& wanted) const {
        return std::ranges::any_of(reply_, [&](const std::string& line) { return line.starts_with(wanted); });
    }

    Task<> expect_end() {
        bool ended = false;
        try {
            co_await stream_->fill(patience);
        } catch (const net::Closed& closed) {
            ended = closed.why == net::Closed::Why::peer;
        }
        EXPECT_TRUE(ended) << where_
                           << ": still open, said: " << (ended ? "" : std::string(stream_->buffered()));
        co_await sessions_->empty(patience);
    }

    Task<> expect_event(std::string wanted) {
        std::vector<std::string> words = text::split(wanted, " ");
        // What is logged after the reply may come later.
        bool there = co_await log_.arrived.until([&] { return log_.holds(words); }, patience);
        std::string all;
        for (const std::string& line : log_.lines) all += "\n  " + line;
        EXPECT_TRUE(there) << where_ << ": not logged: " << wanted << all;
    }

    Task<> expect_line(std::string wanted) {
        auto logged = [&] { return std::ranges::count(log_.texts, wanted) > 0; };
        bool there = co_await log_.arrived.until(logged, patience);
        std::string all;
        for (const std::string& line : log_.texts) all += "\n  " + line;
        EXPECT_TRUE(there) << where_ << ": not logged: " << wanted << all;
    }

    void expect_message(const std::string& wanted) {
        if (house_.committed.empty()) {
            ADD_FAILURE() << where_ << ": nothing was committed";
            return;
        }
        const ipc::Commit& last = house_.committed.back();
        EXPECT_EQ(last.notes.size, last.content.size()) << where_;
        std::size_t cut = wanted.find_first_of("=~!");
        std::string what = wanted.substr(0, cut);
        std::string value = unescape(wanted.substr(wanted.find_first_of("=~", cut) + 1));
        std::string recipients;
        for (const ipc::EnvelopeRecipient& r : last.recipients)
            recipients += (recipients.empty() ? "" : ",") + r.address;
        if (what == "sender") EXPECT_EQ(last.sender, value) << where_;
        if (what == "to") EXPECT_EQ(recipients, value) << where_;
        if (what == "login") EXPECT_EQ(last.login, value) << where_;
        if (what == "grant") EXPECT_EQ(last.grant_user, value) << where_;
        if (what == "protocol") EXPECT_EQ(last.protocol, value) << where_;
        if (what == "messages") EXPECT_EQ(std::to_string(house_.committed.size()), value) << where_;
        if (what == "in_file") EXPECT_EQ(last.in_file ? "yes" : "no", value) << where_;
        if (what == "message_id") EXPECT_EQ(last.notes.message_id, value) << where_;
        if (what != "content") return;
        bool held = last.content.find(value) != std::string::npos;
        EXPECT_EQ(held, wanted[cut] == '~') << where_ << ":\n" << last.content;
    }

    void expect_questions(const std::string& wanted) {
        std::string all;
        for (const std::string& question : house_.asked) all += (all.empty() ? "" : ", ") + question;
        EXPECT_EQ(all.empty() ? "-" : all, wanted) << where_;
        house_.asked.clear();
    }

    Task<> start_tls() {
        if (!client_tls_)
            client_tls_ = std::make_unique<net::TlsContext>(std::move(*net::TlsContext::client()));
        co_await stream_->start_tls_client(*client_tls_, "mail.example.jp", patience);
    }

    static std::string unescape(std::string_view text) {
        std::string out;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] != '\\' || i + 1 >= text.size()) {
                out += text[i];
                continue;
            }
            char c = text[++i];
            if (c == 'x' && i + 2 < text.size()) {
                out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
                i += 2;
            } else if (c == '*') {  // \*N*text: text N times
                std::size_t end = text.find('*', i + 1);
                int count = std::stoi(std::string(text.substr(i + 1, end - i - 1)));
                std::string repeated = unescape(text.substr(end + 1));
                for (int n = 0; n < count; ++n) out += repeated;
                return out;
            } else {
                out += c == 'r' ? '\r' : c == 'n' ? '\n' : c == '0' ? '\0' : c;
            }
        }
        return out;
    }

    static constexpr Milliseconds patience{10'000};
    std::filesystem::path file_;
    smtp::Role role_;
    MakePolicy make_policy_;
    std::vector<Step> steps_;
    RawValues raw_;
    std::string client_ = "192.0.2.7";
    bool wrapper_ = false;
    std::string where_;
    std::vector<std::string> reply_;
    Milliseconds wait_{0};  // at least so long takes the next reply
    event::Loop loop_;
    LogLines log_{loop_};
    ScriptedHouse house_;
    std::unique_ptr<Settings> settings_;
    std::unique_ptr<smtp::Policy> policy_;
    std::unique_ptr<smtp::Server> server_;
    std::shared_ptr<const net::TlsContext> tls_;
    std::unique_ptr<net::TlsContext> client_tls_;
    std::unique_ptr<event::Gate> sessions_;
    std::unique_ptr<net::Stream> stream_;
};

// The .dialog files of a folder of tests/dialogs, sorted.
inline std::vector<std::filesystem::path> dialogs_in(const std::string& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator("tests/dialogs/" + folder))
        if (entry.path().extension() == ".dialog") files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

}  // namespace ekiden::tests
