#pragma once
// The questions that the router answers: may this recipient be, where does its mail go, what stands in that
// table. It decides by the routing of one configuration; nothing is kept between questions.
#include "common/ipc/messages/router.h"
#include "queue/router/routing.h"

namespace ekiden::router {

// A recipient after aliases.
struct Expanded {
    std::string address;
    std::string problem;  // "5.4.6 …" or "4.6.0 …" where expansion failed; else empty
    ipc::Destination destination = ipc::Destination::address;  // user_mailbox: `\name`, no .forward
    std::string target = {};                                   // of a command, file or include
    std::string user = {};                                     // with whose rights
    bool forwarded = false;                                    // in a message of its own, from `sender`
    std::string sender = {};
};

class Router {
  public:
    explicit Router(std::shared_ptr<Routing> routing) : routing_(std::move(routing)) {}

    // What smtpd asks at RCPT. Errors are temporary: 451.
    Task<Result<ipc::RecipientVerdict>> verify(ipc::VerifyRecipient question);
    // What the manager asks before delivery. What cannot be looked up now becomes a `retry` of its recipient
    // alone.
    Task<Result<ipc::Resolution>> resolve(ipc::ResolveRecipients question);
    // All that an address leads to, duplicates removed; bounded by virtual_alias_expansion_limit and
    // virtual_alias_recursion_limit. `sender` and `delivered_to` are the message's.
    Task<Result<std::vector<Expanded>>> expand(std::string address, std::string sender,
                                               std::vector<std::string> delivered_to);

  private:
    struct Way {
        ipc::Transport transport;
        std::string next_hop;
        std::string text;  // of error and retry
    };
    static Way way_to(const std::string& transport, const std::string& next_hop, const std::string& domain);
    void take_alias(const std::string& address, LocalAlias alias, const std::string& sender,
                    std::vector<Expanded>& results) const;
    Task<Result<bool>> is_known(std::string address, AddressClass address_class);
    Task<Result<Way>> way_of(std::string address);
    Task<Result<std::vector<Expanded>>> look_up(const ipc::ResolveRecipients& question, std::size_t place);
    Task<ipc::ResolvedRecipient> resolve_one(Expanded recipient, const ipc::ResolveRecipients& question);
    Task<> place_locally(ipc::ResolvedRecipient& resolved, const ipc::ResolveRecipients& question);
    ipc::RecipientVerdict unknown(const std::string& recipient, AddressClass address_class) const;

    std::shared_ptr<Routing> routing_;
};

}  // namespace ekiden::router
