#include "common/config/known_names.h"

#include <algorithm>

namespace ekiden::config {
namespace {

constexpr auto harmless = Foreign::harmless;
constexpr auto unsupported = Foreign::unsupported;

constexpr ForeignName names[] = {
    {"2bounce_notice_recipient", harmless, "heeded by the queue manager"},
    {"address_verify_map", harmless, ""},
    {"alias_database", harmless, "name the tables in alias_maps"},
    {"always_bcc", unsupported, ""},
    {"append_dot_mydomain", harmless, "bare host names are never completed"},
    {"authorized_submit_users", unsupported, ""},
    {"biff", harmless, ""},
    {"body_checks", unsupported, ""},
    {"canonical_maps", unsupported, ""},
    {"command_time_limit", harmless, ""},
    {"compatibility_level", harmless, "defaults do not depend on it"},
    {"content_filter", unsupported, ""},
    {"debug_peer_level", harmless, ""},
    {"debug_peer_list", harmless, ""},
    {"debugger_command", harmless, ""},
    {"enable_original_recipient", harmless, ""},
    {"header_checks", unsupported, ""},
    {"home_mailbox", unsupported, ""},
    {"html_directory", harmless, ""},
    {"luser_relay", unsupported, ""},
    {"mailbox_command", unsupported, ""},
    {"mailbox_size_limit", harmless, "virtual_mailbox_limit bounds virtual mailboxes"},
    {"mailbox_transport", unsupported, ""},
    {"mailq_path", harmless, ""},
    {"manpage_directory", harmless, ""},
    {"masquerade_domains", unsupported, ""},
    {"meta_directory", harmless, ""},
    {"milter_default_action", harmless, ""},
    {"milter_mail_macros", harmless, ""},
    {"milter_protocol", harmless, ""},
    {"mime_header_checks", unsupported, ""},
    {"mydomain_fallback", harmless, ""},
    {"mynetworks_style", unsupported, "list the networks in mynetworks"},
    {"nested_header_checks", unsupported, ""},
    {"newaliases_path", harmless, ""},
    {"non_smtpd_milters", unsupported, ""},
    {"proxy_read_maps", harmless, ""},
    {"readme_directory", harmless, ""},
    {"receive_override_options", unsupported, ""},
    {"recipient_bcc_maps", unsupported, ""},
    {"recipient_canonical_maps", unsupported, ""},
    {"sample_directory", harmless, ""},
    {"sender_bcc_maps", unsupported, ""},
    {"sender_canonical_maps", unsupported, ""},
    {"sender_dependent_default_transport_maps", unsupported, ""},
    {"sender_dependent_relayhost_maps", unsupported, ""},
    {"sendmail_path", harmless, ""},
    {"setgid_group", harmless, ""},
    {"shlib_directory", harmless, ""},
    {"smtp_dns_support_level", harmless, "answers are validated where dns_trust_anchor_file is set"},
    {"smtp_enforce_tls", unsupported, "set smtp_tls_security_level = encrypt"},
    {"smtp_generic_maps", unsupported, ""},
    {"smtp_header_checks", unsupported, ""},
    {"smtp_sasl_auth_enable", unsupported, ""},
    {"smtp_sasl_password_maps", unsupported, ""},
    {"smtp_sasl_security_options", harmless, ""},
    {"smtp_tls_note_starttls_offer", harmless, ""},
    {"smtp_tls_policy_maps", unsupported, ""},
    {"smtp_tls_session_cache_database", harmless, ""},
    {"smtp_use_tls", unsupported, "set smtp_tls_security_level = may"},
    {"smtpd_end_of_data_restrictions", unsupported, ""},
    {"smtpd_enforce_tls", unsupported, "set smtpd_tls_security_level = encrypt"},
    {"smtpd_etrn_restrictions", harmless, "ETRN is not offered"},
    {"smtpd_milters", unsupported, ""},
    {"smtpd_proxy_filter", unsupported, ""},
    {"smtpd_restriction_classes", unsupported, ""},
    {"smtpd_sasl_local_domain", harmless, ""},
    {"smtpd_sasl_path", harmless, "logins are checked by authd"},
    {"smtpd_sasl_security_options", harmless, "smtpd_tls_auth_only and smtpd_sasl_mechanism_filter decide"},
    {"smtpd_sasl_tls_security_options", harmless, ""},
    {"smtpd_sasl_type", harmless, "logins are checked by authd"},
    {"smtpd_tls_CAfile", unsupported, ""},
    {"smtpd_tls_ask_ccert", unsupported, ""},
    {"smtpd_tls_dh1024_param_file", harmless, ""},
    {"smtpd_tls_dh512_param_file", harmless, ""},
    {"smtpd_tls_mandatory_exclude_ciphers", unsupported, "set smtpd_tls_exclude_ciphers"},
    {"smtpd_tls_req_ccert", unsupported, ""},
    {"smtpd_tls_session_cache_database", harmless, ""},
    {"smtpd_tls_session_cache_timeout", harmless, ""},
    {"smtpd_use_tls", unsupported, "set smtpd_tls_security_level = may"},
    {"swap_bangpath", harmless, ""},
    {"tls_preempt_cipherlist", harmless, ""},
    {"tls_random_source", harmless, ""},
    {"tls_ssl_options", harmless, ""},
};

constexpr ForeignProgram programs[] = {
    {"anvil", ""},     {"bounce", ""},
    {"cleanup", ""},   {"discard", ""},
    {"error", ""},     {"flush", ""},
    {"lmtp", ""},      {"local", "local-delivery"},
    {"oqmgr", ""},     {"pickup", ""},
    {"pipe", ""},      {"postlogd", "logger"},
    {"proxymap", ""},  {"qmgr", "manager"},
    {"scache", ""},    {"showq", ""},
    {"smtp", "relay"}, {"tlsmgr", ""},
    {"tlsproxy", ""},  {"trivial-rewrite", "router"},
    {"verify", ""},    {"virtual", "local-delivery"},
};

}  // namespace

const ForeignName* find_foreign(std::string_view name) {
    const auto* found = std::find_if(std::begin(names), std::end(names),
                                     [&](const ForeignName& row) { return row.name == name; });
    return found == std::end(names) ? nullptr : found;
}

const ForeignProgram* find_foreign_program(std::string_view command) {
    const auto* found = std::find_if(std::begin(programs), std::end(programs),
                                     [&](const ForeignProgram& row) { return row.name == command; });
    return found == std::end(programs) ? nullptr : found;
}

}  // namespace ekiden::config
