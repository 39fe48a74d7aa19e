#include "common/smtp/restrictions/restriction.h"

#include <fmt/format.h>

#include "common/config/bad_parameter.h"
#include "common/config/table_reference.h"
#include "common/tables/routing_tables.h"
#include "common/text/ascii.h"

namespace ekiden::smtp {
namespace {

using config::bad_parameter;

int code_of(std::int64_t configured, int fallback) {
    return configured >= 400 && configured <= 599 ? static_cast<int>(configured) : fallback;
}

}  // namespace

RestrictionCodes RestrictionCodes::from(const Settings& settings) {
    RestrictionCodes codes;
    codes.reject = code_of(settings[param::reject_code], 554);
    codes.defer = code_of(settings[param::defer_code], 450);
    codes.relay_denied = code_of(settings[param::relay_domains_reject_code], 550);
    codes.access_reject = code_of(settings[param::access_map_reject_code], 554);
    codes.access_defer = code_of(settings[param::access_map_defer_code], 450);
    codes.null_sender_key = settings[param::smtpd_null_access_lookup_key];
    codes.recipient_delimiter = settings[param::recipient_delimiter];
    codes.access_parents = tables::means_subdomains(settings, "smtpd_access_maps");
    codes.untrusted_routing = settings[param::allow_untrusted_routing];
    codes.sender_login_maps = settings[param::smtpd_sender_login_maps];
    return codes;
}

std::string Evaluation::refusal(std::string_view text) const {
    const std::string& sender = facts.transaction ? facts.transaction->sender : std::string();
    switch (list) {
        case ListKind::client: return fmt::format("<{}>: Client host rejected: {}", facts.label(), text);
        case ListKind::helo: return fmt::format("<{}>: Helo command rejected: {}", facts.helo, text);
        case ListKind::sender: return fmt::format("<{}>: Sender address rejected: {}", sender, text);
        case ListKind::data: return fmt::format("<DATA>: Data command rejected: {}", text);
        case ListKind::relay:
        case ListKind::recipient: break;
    }
    return fmt::format("<{}>: Recipient address rejected: {}", recipient, text);
}

const Keyword* find_keyword(std::string_view name) {
    for (std::span<const Keyword> table :
         {generic_keywords(), relay_keywords(), access_keywords(), name_keywords()})
        for (const Keyword& keyword : table)
            if (text::equal_ignoring_case(keyword.name, name)) return &keyword;
    return nullptr;
}

Result<RestrictionList> RestrictionList::parse(ListKind kind, const List& words, std::string_view parameter) {
    RestrictionList list;
    list.kind_ = kind;
    bool warn_only = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (text::equal_ignoring_case(words[i], "warn_if_reject")) {
            warn_only = true;
            continue;
        }
        const Keyword* keyword = find_keyword(words[i]);
        if (!keyword)
            return bad_parameter(parameter,
                                 fmt::format("unknown restriction \"{}\": remove it or correct its name",
                                             text::printable(words[i], 100)));
        bool early = kind == ListKind::client || kind == ListKind::helo || kind == ListKind::sender;
        if (keyword->needs_recipient && (early || kind == ListKind::data))
            return bad_parameter(
                parameter,
                fmt::format("{} judges a recipient: put it into smtpd_recipient_restrictions", words[i]));
        Item item{keyword, "", std::exchange(warn_only, false)};
        if (keyword->takes_argument) {
            auto table = i + 1 < words.size() ? config::parse_table_reference(words[i + 1]) : std::nullopt;
            if (!table)
                return bad_parameter(parameter, fmt::format("{} needs a type:name table after it, like {} "
                                                            "hash:/etc/ekiden/access",
                                                            words[i], words[i]));
            if (!config::find_table_type(table->type))
                return bad_parameter(parameter, "unsupported dictionary type: " + table->type +
                                                    " (ekiconf -m lists the types)");
            item.argument = words[++i];
        }
        list.items_.push_back(std::move(item));
    }
    return list;
}

bool RestrictionList::closes_relay() const {
    for (const Item& item : items_) {
        if (item.warn_only) continue;
        if (item.keyword->closes_relay) return true;
        if (item.keyword->permits_all) return false;  // what follows is never reached
    }
    return false;
}

Task<Decision> RestrictionList::evaluate(Evaluation& evaluation) const {
    evaluation.list = kind_;
    for (std::size_t i = 0; i < items_.size(); ++i) {
        const Item& item = items_[i];
        evaluation.last_but_relay_check = i + 2 == items_.size() && items_[i + 1].keyword->relay_check;
        Decision decision;
        if (item.keyword->at_once) {
            decision = item.keyword->at_once(evaluation, item.argument);
        } else {
            decision = co_await item.keyword->asking(evaluation, item.argument);
        }
        if (item.warn_only && decision.kind == Decision::Kind::refuse) {
            evaluation.notes.push_back({"reject_warning", decision.reply.one_line()});
            continue;
        }
        if (decision.kind != Decision::Kind::next) co_return decision;
    }
    co_return Decision::next();
}

Result<Restrictions> Restrictions::from(const Settings& settings, const Param<List>& relay_parameter) {
    Restrictions all;
    all.codes = RestrictionCodes::from(settings);
    all.reject_unlisted = settings[param::smtpd_reject_unlisted_recipient];
    struct Row {
        RestrictionList& list;
        ListKind kind;
        const Param<List>& parameter;
    };
    for (const Row& row : {Row{all.client, ListKind::client, param::smtpd_client_restrictions},
                           Row{all.helo, ListKind::helo, param::smtpd_helo_restrictions},
                           Row{all.sender, ListKind::sender, param::smtpd_sender_restrictions},
                           Row{all.relay, ListKind::relay, relay_parameter},
                           Row{all.recipient, ListKind::recipient, param::smtpd_recipient_restrictions},
                           Row{all.data, ListKind::data, param::smtpd_data_restrictions}}) {
        Result<RestrictionList> list =
            RestrictionList::parse(row.kind, settings[row.parameter], row.parameter.name);
        if (!list) return pass(list);
        row.list = std::move(*list);
    }
    if (!all.relay.closes_relay() && !all.recipient.closes_relay())
        return bad_parameter(
            relay_parameter.name,
            "here or in smtpd_recipient_restrictions, specify at least one working instance of: "
            "reject_unauth_destination, defer_unauth_destination, reject or defer (strangers could relay)");
    return all;
}

}  // namespace ekiden::smtp
