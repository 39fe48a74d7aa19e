#include "common/process/visitors.h"

#include <unistd.h>

#include <algorithm>

namespace ekiden::process {
namespace {

// Of a user's connection. The longest listing takes a fraction of the time.
constexpr Milliseconds longest_visit = std::chrono::minutes(10);

}  // namespace

bool Visitors::welcome(std::uint32_t uid) const {
    if (uid == 0 || uid == geteuid()) return true;
    auto same = [uid](const auto& entry) { return entry.second->uid == uid; };
    return users_ && std::ranges::count_if(visitors_, same) < static_cast<std::ptrdiff_t>(most_of_a_user);
}

void Visitors::admit(OwnedFd fd) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return;
    admit(std::move(fd), credentials);
}

void Visitors::admit(OwnedFd fd, const ucred& credentials) {
    if (!welcome(credentials.uid)) return;
    const std::uint64_t number = ++last_;
    auto leave = [this, number] { visitors_.erase(number); };
    auto visitor = std::make_unique<Visitor>(loop_, leave);
    ipc::Service who = users_ ? ipc::Service::user : ipc::Service::admin;
    ipc::Sender sender{who, 0, number, credentials.pid, std::string(ipc::name_of(who)), credentials.uid};
    visitor->uid = credentials.uid;
    visitor->channel = std::make_unique<ipc::Channel>(
        loop_, std::move(fd), self_, sender, dispatcher_, [leave](ipc::Channel&) { leave(); }, bounds_);
    if (users_) visitor->end.start(longest_visit);
    visitors_[number] = std::move(visitor);
}

}  // namespace ekiden::process
