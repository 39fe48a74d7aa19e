#include "common/config/restriction_names.h"

#include "common/config/table_reference.h"
#include "common/text/ascii.h"

namespace ekiden::config {
namespace {

constexpr RestrictionName names[] = {
    {"check_client_access", "table", false},
    {"check_helo_access", "table", false},
    {"check_recipient_access", "table", false},
    {"check_sender_access", "table", false},
    {"defer", "", true},
    {"defer_unauth_destination", "", true},
    {"permit", "", false},
    {"permit_auth_destination", "", false},
    {"permit_mynetworks", "", false},
    {"permit_pop_before_smtp", "", false},
    {"permit_sasl_authenticated", "", false},
    {"reject", "", true},
    {"reject_authenticated_sender_login_mismatch", "", false},
    {"reject_invalid_helo_hostname", "", false},
    {"reject_non_fqdn_helo_hostname", "", false},
    {"reject_non_fqdn_recipient", "", false},
    {"reject_non_fqdn_sender", "", false},
    {"reject_plaintext_session", "", false},
    {"reject_unauth_destination", "", true},
    {"reject_unknown_client_hostname", "", false},
    {"reject_unknown_recipient_domain", "", false},
    {"reject_unknown_reverse_client_hostname", "", false},
    {"reject_unknown_sender_domain", "", false},
    {"reject_unlisted_recipient", "", false},
    {"warn_if_reject", "", false},
};

}  // namespace

std::span<const RestrictionName> restriction_names() { return names; }

const RestrictionName* find_restriction(std::string_view keyword) {
    for (const RestrictionName& row : names)
        if (text::equal_ignoring_case(row.name, keyword)) return &row;
    return nullptr;
}

bool closes_relay(const List& restrictions) {
    bool only_warns = false;
    for (std::size_t i = 0; i < restrictions.size(); ++i) {
        const RestrictionName* row = find_restriction(restrictions[i]);
        if (!row) continue;
        if (row->name == "permit") return false;  // what follows is never reached
        if (row->closes_relay && !only_warns) return true;
        only_warns = row->name == "warn_if_reject";
        if (!row->argument.empty()) ++i;
    }
    return false;
}

std::vector<std::string> check_restrictions(const List& restrictions) {
    std::vector<std::string> wrong;
    for (std::size_t i = 0; i < restrictions.size(); ++i) {
        const RestrictionName* row = find_restriction(restrictions[i]);
        if (!row) {
            // A bare table is short for the access check that belongs to the list.
            if (!parse_table_reference(restrictions[i]))
                wrong.push_back("unknown restriction \"" + text::printable(restrictions[i], 60) + "\"");
            continue;
        }
        if (row->argument.empty()) continue;
        if (++i == restrictions.size() || !parse_table_reference(restrictions[i]))
            wrong.push_back("restriction " + std::string(row->name) + " needs a type:name table after it");
    }
    return wrong;
}

}  // namespace ekiden::config
