#pragma once
// A name server for the resolver's tests: answers on 127.0.0.1 from a table, on the test's own loop.
#include <arpa/inet.h>
#include <sys/socket.h>

#include <map>

#include "common/dns/name.h"
#include "common/dns/question.h"
#include "common/event/gate.h"

namespace ekiden::resolver {

class NameServer {
  public:
    explicit NameServer(event::Loop& loop)
        : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), watch_(), gate_(loop) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        if (bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), length) != 0) std::abort();
        getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length);
        port_ = ntohs(address.sin_port);
        watch_ = std::make_unique<event::Watch>(loop, socket_.get());
        gate_.spawn(serve());
    }
    std::string address() const { return "127.0.0.1@" + std::to_string(port_); }
    // A record of a name; `rdata` in wire form.
    void add(const std::string& name, dns::Type type, std::string rdata) {
        names_[name][static_cast<std::uint16_t>(type)].push_back(std::move(rdata));
    }
    // The signature of all records of that name and type.
    void sign(const std::string& name, dns::Type type, std::string rrsig) {
        sign(name, static_cast<std::uint16_t>(type), std::move(rrsig));
    }
    void sign(const std::string& name, std::uint16_t type, std::string rrsig) {
        signatures_[{name, type}] = std::move(rrsig);
    }
    void add(const std::string& name, std::uint16_t type, std::string rdata) {
        names_[name][type].push_back(std::move(rdata));
    }
    int questions = 0;
    bool silent = false;
    int rcode = 0;  // for every answer, when not 0

  private:
    static std::string u16(unsigned value) {
        return {static_cast<char>(value >> 8U), static_cast<char>(value & 255U)};
    }
    std::string answer(std::string_view query) {
        ++questions;
        std::size_t end = 12;
        while (query[end] != 0) end += static_cast<std::size_t>(query[end]) + 1;
        ++end;
        const std::string wire(query.substr(12, end - 12));
        const std::string name = *dns::name_from_wire(wire);
        const unsigned type =
            static_cast<unsigned char>(query[end]) * 256U + static_cast<unsigned char>(query[end + 1]);
        std::string records;
        unsigned count = 0;
        const auto known = names_.find(name);
        for (unsigned wanted : {type, 5U}) {
            if (known == names_.end() || (count > 0 && wanted == 5U)) break;
            auto add_record = [&](unsigned number, const std::string& rdata) {
                records += u16(0xc00c) + u16(number) + u16(1) + u16(0) + u16(300);
                records += u16(static_cast<unsigned>(rdata.size())) + rdata;
                ++count;
            };
            for (const std::string& rdata : known->second[static_cast<std::uint16_t>(wanted)])
                add_record(wanted, rdata);
            const auto signature = signatures_.find({name, static_cast<std::uint16_t>(wanted)});
            if (signature != signatures_.end()) add_record(46, signature->second);
        }
        const unsigned code = rcode != 0 ? static_cast<unsigned>(rcode) : known == names_.end() ? 3U : 0U;
        if (code != 0) count = 0;
        return std::string(query.substr(0, 2)) + u16(0x8580U | code) + u16(1) + u16(count) + u16(0) + u16(0) +
               std::string(query.substr(12, end + 4 - 12)) + (count > 0 ? records : std::string());
    }
    Task<> serve() {
        std::array<char, 2048> buffer{};
        for (;;) {
            sockaddr_in from{};
            socklen_t length = sizeof from;
            ssize_t got = recvfrom(socket_.get(), buffer.data(), buffer.size(), 0,
                                   reinterpret_cast<sockaddr*>(&from), &length);
            if (got < 0) {
                watch_->drained();
                co_await watch_->readable(std::chrono::hours(1));
                continue;
            }
            if (silent) continue;
            std::string reply = answer({buffer.data(), static_cast<std::size_t>(got)});
            sendto(socket_.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), length);
        }
    }
    OwnedFd socket_;
    std::unique_ptr<event::Watch> watch_;
    std::uint16_t port_ = 0;
    std::map<std::string, std::map<std::uint16_t, std::vector<std::string>>> names_;
    std::map<std::pair<std::string, std::uint16_t>, std::string> signatures_;
    event::Gate gate_;
};

}  // namespace ekiden::resolver
