#pragma once
// Restriction lists (smtpd_relay_restrictions and its kin): an open table of keywords. Each keyword is a row
// in the file of its subject in this folder; a list is parsed once at start, where unknown keywords and a
// configuration without a keyword that closes the relay are refused, and evaluated for each recipient.
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/config/settings.h"
#include "common/event/task.h"
#include "common/smtp/backend.h"
#include "common/smtp/facts.h"
#include "common/smtp/reply.h"

namespace ekiden::smtp {

// Which list is evaluated; it decides whom a refusal names.
enum class ListKind { client, helo, sender, relay, recipient, data };

struct Decision {
    enum class Kind { next, permit, refuse } kind = Kind::next;
    Reply reply;  // of a refusal

    static Decision next() { return {}; }
    static Decision permit() { return {Kind::permit, {}}; }
    static Decision refuse(Reply reply) { return {Kind::refuse, std::move(reply)}; }
};

// The reply codes that main.cf sets.
struct RestrictionCodes {
    int reject = 554;
    int defer = 450;
    int relay_denied = 550;
    int access_reject = 554;
    int access_defer = 450;
    std::string null_sender_key = "<>";
    std::string recipient_delimiter;
    bool access_parents = true;  // in access tables a domain stands for its subdomains, too
    bool untrusted_routing = false;
    List sender_login_maps;
    static RestrictionCodes from(const Settings& settings);
};

// One recipient being judged (or, before RCPT, the session alone).
struct Evaluation {
    Facts& facts;
    Backend& backend;
    const RestrictionCodes& codes;
    std::string recipient{};  // local@domain; empty before RCPT
    std::optional<ipc::RecipientVerdict>
        verdict{};  // what the router says of it; set for relay and recipient lists
    ListKind list = ListKind::recipient;
    bool last_but_relay_check = false;  // only a relay-closing keyword follows in this list
    bool grant_asked = false;           // a grant's recipient limit counts each recipient once
    std::string grant_user{};           // permit_pop_before_smtp let it through
    // For the log: what warn_if_reject, or an access table's WARN or INFO, has to say.
    struct Note {
        std::string_view verb;  // "reject_warning", "warn", "info"
        std::string text;
    };
    std::vector<Note> notes{};

    bool for_us() const { return verdict && verdict->address_class != ipc::AddressClass::remote; }
    // "<a@b>: Recipient address rejected: text" with the subject of the list.
    std::string refusal(std::string_view text) const;
};

struct Keyword {
    std::string_view name;
    bool takes_argument = false;
    bool closes_relay = false;     // counts for the safety rule
    bool permits_all = false;      // nothing behind it is ever asked
    bool relay_check = false;      // refuses only what is not for us
    bool needs_recipient = false;  // has no meaning in the client, HELO and sender lists when those run early
    // One of the two: at once, or by asking.
    Decision (*at_once)(Evaluation&, const std::string& argument) = nullptr;
    Task<Decision> (*asking)(Evaluation&, const std::string& argument) = nullptr;
};

// The tables, one a file.
std::span<const Keyword> generic_keywords();
std::span<const Keyword> relay_keywords();
std::span<const Keyword> access_keywords();
std::span<const Keyword> name_keywords();
// Null when there is none of that name.
const Keyword* find_keyword(std::string_view name);

class RestrictionList {
  public:
    // `parameter` is named in errors.
    static Result<RestrictionList> parse(ListKind kind, const List& words, std::string_view parameter);
    // permit or the end of the list: go on with the next list; refuse: that is the reply.
    Task<Decision> evaluate(Evaluation& evaluation) const;
    bool empty() const { return items_.empty(); }
    bool closes_relay() const;

  private:
    struct Item {
        const Keyword* keyword;
        std::string argument;
        bool warn_only;  // warn_if_reject stands before it
    };
    ListKind kind_ = ListKind::recipient;
    std::vector<Item> items_;
};

struct Restrictions {
    RestrictionCodes codes;
    RestrictionList client, helo, sender, relay, recipient, data;
    bool reject_unlisted = true;
    // Reads the lists of main.cf; the relay list is that of `relay_parameter` (submission has its own).
    // Fails, naming parameter and remedy, on unknown keywords and when nothing closes the relay.
    static Result<Restrictions> from(const Settings& settings, const Param<List>& relay_parameter);
};

}  // namespace ekiden::smtp
