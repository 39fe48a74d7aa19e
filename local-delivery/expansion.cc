#include "local-delivery/expansion.h"

#include <algorithm>

#include "common/text/ascii.h"
#include "local-delivery/forward_file.h"
#include "local-delivery/local_outcome.h"

namespace ekiden::local_delivery {
namespace {

using ipc::DeliveryStatus;
using ipc::Destination;
using Kind = mail::AliasTarget::Kind;

class Expansion {
  public:
    Expansion(const ipc::DeliveryRecipient& recipient, const LocalSettings& settings, std::string_view place)
        : recipient_(recipient), settings_(settings), place_(place) {}

    // `own`: the user whose file this is; empty: nobody's.
    ipc::RecipientOutcome of(const std::vector<mail::AliasTarget>& targets, std::string_view own) {
        ipc::RecipientOutcome outcome = local_outcome(recipient_, DeliveryStatus::expanded, "2.0.0", "");
        for (const mail::AliasTarget& target : targets) {
            if (!allowed(target.kind))
                return local_outcome(recipient_, DeliveryStatus::bounced, "5.7.1",
                                     target.kind == Kind::command ? "mail to command is restricted"
                                                                  : "mail to file is restricted");
            outcome.expansion.push_back(one(target, own));
        }
        return outcome;
    }

  private:
    bool allowed(Kind kind) const {
        auto names_it = [this](const List& list) { return std::ranges::find(list, place_) != list.end(); };
        if (kind == Kind::command) return names_it(settings_.commands_allowed_in);
        if (kind == Kind::file) return names_it(settings_.files_allowed_in);
        return true;
    }

    ipc::ExpandedTarget one(const mail::AliasTarget& target, std::string_view own) const {
        switch (target.kind) {
            case Kind::command: return {Destination::command, target.text};
            case Kind::file: return {Destination::file, target.text};
            case Kind::include: return {Destination::include, target.text};
            case Kind::address: break;
        }
        bool bare = target.text.rfind('@') == std::string::npos;
        if (!own.empty() && is_own(target.text, bare, own)) return {Destination::user_mailbox, ""};
        return {Destination::address, bare ? target.text + "@" + settings_.origin : target.text};
    }

    // His name, with or without the domain that this mail came to; or the address that it came to.
    bool is_own(const std::string& text, bool bare, std::string_view own) const {
        if (text::equal_ignoring_case(text, recipient_.address)) return true;
        if (bare) return text::equal_ignoring_case(text, own);
        std::size_t at = recipient_.address.rfind('@');
        return at != std::string::npos &&
               text::equal_ignoring_case(text, std::string(own) + recipient_.address.substr(at));
    }

    const ipc::DeliveryRecipient& recipient_;
    const LocalSettings& settings_;
    const std::string_view place_;  // as allow_mail_to_commands names it
};

}  // namespace

ipc::RecipientOutcome expand_forward(const ipc::DeliveryRecipient& recipient, const Account& account,
                                     const LocalSettings& settings) {
    auto deferred = [&](const char* dsn, const std::string& text) {
        return local_outcome(recipient, DeliveryStatus::deferred, dsn, text);
    };
    AddressParts parts = parts_of(recipient.address, settings.delimiters, account.name);
    auto files = forward_files(settings.forward, account, recipient.address, parts);
    if (!files) return deferred("4.3.5", files.error().text);
    ipc::RecipientOutcome none = local_outcome(recipient, DeliveryStatus::expanded, "2.0.0", "");
    for (const std::string& file : *files) {
        Result<FileOrTrouble> read = read_forward(file, account.uid);
        if (!read)
            return deferred(read.error().kind == ErrorKind::malformed ? "4.3.5" : "4.3.0", read.error().text);
        if (!read->ignored.empty()) none.text = read->ignored;
        if (!read->ignored.empty()) break;
        if (!read->content) continue;
        Result<std::vector<mail::AliasTarget>> targets = parse_destinations(*read->content);
        if (!targets) return deferred("4.3.5", file + ": " + targets.error().text);
        if (targets->empty()) break;
        return Expansion(recipient, settings, "forward").of(*targets, account.name);
    }
    return none;
}

ipc::RecipientOutcome expand_list(const ipc::DeliveryRecipient& recipient, const LocalSettings& settings) {
    auto deferred = [&](const std::string& text) {
        return local_outcome(recipient, DeliveryStatus::deferred, "4.3.5", ":include: " + text);
    };
    Result<std::string> content = read_list(recipient.target);
    if (!content) return deferred(content.error().text);
    Result<std::vector<mail::AliasTarget>> targets = parse_destinations(*content);
    if (!targets) return deferred(recipient.target + ": " + targets.error().text);
    if (targets->empty()) return deferred(recipient.target + " names nobody");
    return Expansion(recipient, settings, "include").of(*targets, "");
}

}  // namespace ekiden::local_delivery
