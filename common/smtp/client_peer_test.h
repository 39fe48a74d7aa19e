#pragma once
// A server for tests of the client, played from a script. Each line of it is one of
//   S: 220 hello      said to the client
//   C: EHLO me        what the client must say next
//   D                 the content is read up to its dot, into `contents` as it came
//   T                 TLS from here on (`tls` must be set)
//   X                 the connection is closed at once
//   W                 nothing is said or read any more
#include "common/event/gate.h"
#include "common/net/stream.h"
#include "common/text/ascii.h"

namespace ekiden::smtp {

class ScriptedPeer {
  public:
    explicit ScriptedPeer(event::Loop& loop, const net::TlsContext* tls = nullptr) : loop_(loop), tls_(tls) {}

    // Plays the script over the descriptor; ends when the client goes.
    Task<> play(OwnedFd fd, std::string script) {
        auto stream = std::make_unique<net::Stream>(loop_, std::move(fd));
        try {
            for (const std::string& step : text::split(script, "\n")) {
                if (step == "X") {
                    co_await stream->flush(patience);
                    co_return;
                }
                co_await play_step(stream.get(), step);
            }
            co_await stream->flush(patience);
            co_await stream->read_line(1000, patience);
            faults.push_back("the client says more than the script has");
        } catch (const net::Closed&) {
            // The end of the script, or a client that went before it.
        }
    }

    std::vector<std::string> contents;
    std::vector<std::string> faults;  // what differed from the script; a test checks that there are none
    static constexpr Milliseconds patience{5000};

  private:
    Task<> play_step(net::Stream* stream, std::string step) {
        const std::string text = step.size() > 3 ? step.substr(3) : std::string();
        if (step.starts_with("S:")) {
            stream->write(text + "\r\n");
        } else if (step.starts_with("C:")) {
            net::Line line = co_await stream->read_line(4000, patience);
            if (line.text != text || !line.crlf)
                faults.push_back("wanted \"" + text + "\", came \"" + line.text + "\"");
        } else if (step == "D") {
            std::string content;
            for (;;) {
                net::Line line = co_await stream->read_line(100000, patience);
                if (line.text == ".") break;
                content += line.text + "\r\n";
            }
            contents.push_back(std::move(content));
        } else if (step == "W") {
            co_await stream->flush(patience);
            co_await event::Signal(loop_).wait(patience);
        } else if (step == "T") {
            co_await stream->start_tls_server(*tls_, patience);
        } else {
            faults.push_back("no step of a script: " + step);
        }
    }
    event::Loop& loop_;
    const net::TlsContext* tls_;
};

}  // namespace ekiden::smtp
