// check_*_access: what a table says of the client, the HELO name, the sender or the recipient (access(5)).
// The router holds the tables; here are the order of keys and the meaning of the results.
#include <fmt/format.h>

#include "common/log/events.h"
#include "common/smtp/restrictions/access.h"
#include "common/smtp/restrictions/restriction.h"
#include "common/text/ascii.h"

namespace ekiden::smtp {

std::vector<tables::Key> access_keys_of_client(std::string_view name, std::string_view address,
                                               bool parents) {
    std::vector<tables::Key> keys;
    if (!name.empty() && name != "unknown") keys = tables::access_host_keys(name, parents);
    for (tables::Key& key : tables::access_ip_keys(address)) keys.push_back(std::move(key));
    return keys;
}

namespace {

// "550 5.7.1 text" or "550 text": the code, an enhanced status of its class, the text.
Decision refuse_with_code(const Evaluation& e, int code, std::string_view rest) {
    std::optional<EnhancedStatus> status = parse_enhanced_status(rest);
    std::string enhanced = code < 500 ? "4.7.1" : "5.7.1";
    if (status && status->klass == code / 100) {
        enhanced = status->print();
        rest = text::trim(rest.substr(std::min(rest.find_first_of(" \t"), rest.size())));
    }
    std::string text = rest.empty() ? "Access denied" : text::printable(rest, 400);
    return Decision::refuse({code, enhanced + " " + e.refusal(text)});
}

// A result that names restrictions: each in turn, without tables inside tables.
Decision restrictions_in_table(Evaluation& e, std::string_view value) {
    for (const std::string& word : text::split(value, ", \t")) {
        const Keyword* keyword = find_keyword(word);
        if (!keyword || !keyword->at_once || (keyword->needs_recipient && !e.verdict)) {
            log::emit(events::table_trouble, "access table: \"" + word + "\" cannot stand there");
            return Decision::refuse({451, "4.3.5 Server configuration error"});
        }
        Decision decision = keyword->at_once(e, "");
        if (decision.kind != Decision::Kind::next) return decision;
    }
    return Decision::next();
}

Decision prepend(Evaluation& e, std::string_view header) {
    std::size_t colon = header.find(':');
    bool good = colon != std::string_view::npos && colon > 0 && header.size() <= 900;
    for (char c : header.substr(0, good ? colon : 0)) good = good && text::is_print(c) && c != ' ';
    if (good && e.facts.transaction && e.facts.transaction->extra_header.size() < 8192)
        e.facts.transaction->extra_header += text::printable(header) + "\r\n";
    return Decision::next();
}

}  // namespace

Decision decide_by_access(Evaluation& e, std::string_view value) {
    value = text::trim(value);
    std::size_t blank = std::min(value.find_first_of(" \t"), value.size());
    std::string_view word = value.substr(0, blank);
    std::string_view rest = text::trim(value.substr(blank));
    bool numeric = !value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos;
    if (word.size() == 3 && (word[0] == '4' || word[0] == '5') && text::parse_number(word) &&
        (!numeric || value.size() == 3))
        return refuse_with_code(e, static_cast<int>(*text::parse_number(word)), rest);
    if (numeric || text::equal_ignoring_case(value, "OK") || text::equal_ignoring_case(value, "RELAY"))
        return Decision::permit();  // all digits: the form of old POP-before-SMTP tables
    if (text::equal_ignoring_case(word, "DUNNO")) return Decision::next();
    if (text::equal_ignoring_case(word, "REJECT")) return refuse_with_code(e, e.codes.access_reject, rest);
    if (text::equal_ignoring_case(word, "DEFER")) return refuse_with_code(e, e.codes.access_defer, rest);
    for (std::string_view verb : {"warn", "info"})
        if (text::equal_ignoring_case(word, verb)) {
            e.notes.push_back({verb, text::printable(rest, 400)});
            return Decision::next();
        }
    if (text::equal_ignoring_case(word, "PREPEND")) return prepend(e, rest);
    return restrictions_in_table(e, value);
}

namespace {

// The first key that the table has decides.
Task<Decision> first_found(Evaluation& e, const std::string& table, std::vector<tables::Key> keys) {
    for (tables::Key& key : keys) {
        ipc::LookUpTable question{table, std::move(key.text), key.part};
        Result<ipc::TableAnswer> answer = co_await e.backend.ask(std::move(question));
        if (!answer) {
            log::emit(events::lookup_failed, table, answer.error().text);
            co_return Decision::refuse({451, "4.3.0 " + e.refusal("Temporary lookup failure")});
        }
        if (answer->found) co_return decide_by_access(e, answer->value);
    }
    co_return Decision::next();
}

// A refusal names what the table is about, in whichever list it stands, as Postfix's does.
Task<Decision> look_up(Evaluation& e, ListKind subject, const std::string& table,
                       std::vector<tables::Key> keys) {
    const ListKind list = std::exchange(e.list, subject);
    Decision decision = co_await first_found(e, table, std::move(keys));
    e.list = list;
    co_return decision;
}

std::vector<tables::Key> keys_of_address(const Evaluation& e, const std::string& address) {
    return tables::access_address_keys(address, e.codes.recipient_delimiter, e.codes.access_parents);
}

Task<Decision> check_client_access(Evaluation& e, const std::string& table) {
    std::vector<tables::Key> keys =
        access_keys_of_client(e.facts.client_name, e.facts.address_text, e.codes.access_parents);
    Decision decision = co_await look_up(e, ListKind::client, table, std::move(keys));
    co_return decision;
}

Task<Decision> check_helo_access(Evaluation& e, const std::string& table) {
    if (e.facts.helo.empty()) co_return Decision::next();
    std::vector<tables::Key> keys = tables::access_host_keys(e.facts.helo, e.codes.access_parents);
    Decision decision = co_await look_up(e, ListKind::helo, table, std::move(keys));
    co_return decision;
}

Task<Decision> check_sender_access(Evaluation& e, const std::string& table) {
    if (!e.facts.transaction) co_return Decision::next();
    const std::string& sender = e.facts.transaction->sender;
    std::vector<tables::Key> keys{{e.codes.null_sender_key}};
    if (!sender.empty()) keys = keys_of_address(e, sender);
    Decision decision = co_await look_up(e, ListKind::sender, table, std::move(keys));
    co_return decision;
}

Task<Decision> check_recipient_access(Evaluation& e, const std::string& table) {
    if (e.recipient.empty()) co_return Decision::next();
    std::vector<tables::Key> keys = keys_of_address(e, e.recipient);
    Decision decision = co_await look_up(e, ListKind::recipient, table, std::move(keys));
    co_return decision;
}

constexpr Keyword table[] = {
    {.name = "check_client_access", .takes_argument = true, .asking = check_client_access},
    {.name = "check_helo_access", .takes_argument = true, .asking = check_helo_access},
    {.name = "check_sender_access", .takes_argument = true, .asking = check_sender_access},
    {.name = "check_recipient_access",
     .takes_argument = true,
     .needs_recipient = true,
     .asking = check_recipient_access},
};

}  // namespace

std::span<const Keyword> access_keywords() { return table; }

}  // namespace ekiden::smtp
