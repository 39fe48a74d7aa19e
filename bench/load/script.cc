#include "bench/load/script.h"

#include <chrono>
#include <cstdio>

#include "bench/load/loop.h"

namespace ekiden::load {

namespace {

using Wait = Step::Wait;
using After = Step::After;

std::string base64(std::string_view octets) {
    static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < octets.size(); i += 3) {
        unsigned group = 0;
        for (std::size_t k = 0; k < 3; ++k)
            group = group << 8 | (i + k < octets.size() ? static_cast<unsigned char>(octets[i + k]) : 0u);
        for (std::size_t k = 0; k < 4; ++k)
            text += i + k <= octets.size() ? digits[group >> (18 - 6 * k) & 63] : '=';
    }
    return text;
}

void greet_smtp(const Options& o, Script& script) {
    script.push_back({"", Wait::smtp, "2", After::nothing});
    script.push_back({"EHLO load.test\r\n", Wait::smtp, "2", After::nothing});
    if (!o.tls) return;
    script.push_back({"STARTTLS\r\n", Wait::smtp, "2", After::handshake});
    script.push_back({"EHLO load.test\r\n", Wait::smtp, "2", After::nothing});
}

void greet_pop3(const Options& o, long number, Script& script) {
    if (o.tls) script.push_back({"", Wait::line, "", After::handshake});
    script.push_back({"", Wait::line, "+", After::nothing});
    if (o.password.empty()) return;  // who stays before the login
    script.push_back(
        {"USER " + numbered(o.user, number % o.users) + "\r\n", Wait::line, "+", After::nothing});
    script.push_back({"PASS " + o.password + "\r\n", Wait::line, "+", After::nothing});
}

}  // namespace

Script smtp_script(const Options& o, long first, long messages) {
    Script script;
    greet_smtp(o, script);
    if (!o.password.empty()) {
        std::string user = numbered(o.user, first % o.users);
        std::string response = base64(std::string(1, '\0') + user + std::string(1, '\0') + o.password);
        script.push_back({"AUTH PLAIN " + response + "\r\n", Wait::smtp, "2", After::nothing});
    }
    for (long i = 0; i < messages; ++i) {
        std::string envelope = "MAIL FROM:<" + numbered(o.from, (first + i) % o.users) + ">\r\nRCPT TO:<" +
                               numbered(o.to, (first + i) % o.users) + ">\r\nDATA\r\n";
        script.push_back({envelope, Wait::smtp, "223", After::nothing});
        script.push_back({"", Wait::smtp, "2", After::message});
    }
    script.push_back({"QUIT\r\n", Wait::smtp, "2", After::nothing});
    return script;
}

Script pop3_script(const Options& o, long number) {
    Script script;
    greet_pop3(o, number, script);
    script.push_back({"STAT\r\n", Wait::line, "+", After::nothing});
    script.push_back({"UIDL\r\n", Wait::text, "+", After::nothing});
    script.push_back({"RETR 1\r\n", Wait::text, "+", After::nothing});
    script.push_back({"RETR 2\r\n", Wait::text, "+", After::nothing});
    if (o.remove) {
        script.push_back({"DELE 1\r\n", Wait::line, "+", After::nothing});
        script.push_back({"DELE 2\r\n", Wait::line, "+", After::nothing});
    }
    script.push_back({"QUIT\r\n", Wait::line, "+", After::count});
    return script;
}

Script idle_script(const Options& o, long number) {
    Script script;
    if (o.protocol == "pop3")
        greet_pop3(o, number, script);
    else
        greet_smtp(o, script);
    script.back().after = After::hold;
    return script;
}

std::string make_content(long size) {
    std::string content =
        "From: Sender <sender@load.test>\r\nTo: Reader <reader@load.test>\r\nSubject: load\r\n"
        "Date: Sat, 01 Aug 2026 10:00:00 +0900\r\nMessage-ID: <load@load.test>\r\n\r\n";
    const std::string line(76, 'x');
    while (static_cast<long>(content.size() + line.size() + 2) < size) content += line + "\r\n";
    return content + ".\r\n";
}

std::string stamp() {
    char text[48];
    auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
    std::snprintf(text, sizeof text, "%.*s%lld\r\n", static_cast<int>(stamp_name.size()), stamp_name.data(),
                  static_cast<long long>(now));
    return text;
}

}  // namespace ekiden::load
