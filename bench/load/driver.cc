#include "bench/load/driver.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "bench/load/report.h"

namespace ekiden::load {

Driver::Driver(Loop& loop, const Options& options, std::function<void()> done)
    : loop_(loop),
      options_(options),
      done_(std::move(done)),
      tls_(make_client_context()),
      content_(make_content(options.size)),
      whole_sessions_(options.mode != "smtp" || options.each == 1) {
    server_.sin_family = AF_INET;
    server_.sin_port = htons(static_cast<std::uint16_t>(options.port));
    if (inet_pton(AF_INET, options.address.c_str(), &server_.sin_addr) != 1) give_up(options.address.c_str());
    times_.reserve(static_cast<std::size_t>(options.count));
}

void Driver::start() {
    auto at_once = static_cast<std::size_t>(std::min<long>(options_.connections, options_.count));
    slots_.resize(at_once);
    open_ = at_once;
    for (std::size_t slot = 0; slot < at_once; ++slot) next(slot);
}

// POP3: every slot has its own users and as many cycles as the others, so that no two sessions want one
// mailbox.
Script Driver::next_script(std::size_t slot) {
    auto slots = static_cast<long>(slots_.size());
    if (options_.mode == "pop3") {
        long share = options_.count / slots + (static_cast<long>(slot) < options_.count % slots ? 1 : 0);
        if (slots_[slot].round == share) return {};
        return pop3_script(options_, static_cast<long>(slot) + slots * slots_[slot].round++);
    }
    if (taken_ == options_.count) return {};
    if (options_.mode == "idle") return idle_script(options_, taken_++);
    long messages = std::min(options_.each, options_.count - taken_);
    taken_ += messages;
    return smtp_script(options_, taken_ - messages, messages);
}

void Driver::next(std::size_t slot) {
    Script script = next_script(slot);
    if (script.empty()) {
        slots_[slot].connection.reset();
        if (--open_ == 0) done_();
        return;
    }
    slots_[slot].connection =
        std::make_unique<Connection>(loop_, *this, tls_.get(), content_, std::move(script));
    constexpr std::uint32_t first_source = 0x7f000101;  // 127.0.1.1
    std::uint32_t source =
        options_.sources == 0 ? 0 : first_source + static_cast<std::uint32_t>(opened_++ % options_.sources);
    slots_[slot].connection->open(server_, source);
}

std::size_t Driver::slot_of(const Connection& connection) const {
    auto is_it = [&connection](const Slot& slot) { return slot.connection.get() == &connection; };
    return static_cast<std::size_t>(std::find_if(slots_.begin(), slots_.end(), is_it) - slots_.begin());
}

void Driver::counted(Connection& connection) {
    ++counted_;
    if (!whole_sessions_) times_.push_back(seconds_between(connection.sent(), Clock::now()));
}

void Driver::held(Connection& connection) {
    ++counted_;
    times_.push_back(seconds_between(connection.begun(), Clock::now()));
    std::size_t slot = slot_of(connection);
    loop_.defer([this, slot] {
        kept_.push_back(std::move(slots_[slot].connection));
        next(slot);
    });
}

void Driver::over(Connection& connection) {
    if (whole_sessions_) times_.push_back(seconds_between(connection.begun(), Clock::now()));
    std::size_t slot = slot_of(connection);
    loop_.defer([this, slot] { next(slot); });
}

void Driver::failed(Connection&, const std::string& why) {
    std::fprintf(stderr, "ekiload: after %ld operations: %s\n", counted_, why.c_str());
    std::exit(1);
}

}  // namespace ekiden::load
