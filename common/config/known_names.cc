#include "common/config/known_names.h"

#include <algorithm>

namespace ekiden::config {
namespace {

constexpr auto harmless = Foreign::harmless;
constexpr auto heeded = Foreign::heeded;
constexpr auto unsupported = Foreign::unsupported;

constexpr ForeignName names[] = {
    {"2bounce_notice_recipient", heeded, ""},
    {"address_verify_map", harmless, ""},
    {"allow_percent_hack", harmless, "% has no meaning in addresses"},
    {"always_bcc", unsupported, ""},
    {"append_at_myorigin", harmless, "addresses without a domain always get myorigin"},
    {"append_dot_mydomain", harmless, "bare host names are never completed"},
    {"best_mx_transport", unsupported, ""},
    {"biff", harmless, ""},
    {"body_checks", unsupported, ""},
    {"canonical_maps", unsupported, ""},
    {"command_execution_directory", unsupported, ""},
    {"compatibility_level", harmless, "defaults do not depend on it"},
    {"content_filter", unsupported, ""},
    {"daemon_timeout", harmless, ""},
    {"debug_peer_level", harmless, ""},
    {"debug_peer_list", harmless, ""},
    {"debugger_command", harmless, ""},
    {"default_destination_concurrency_failed_cohort_limit", harmless, ""},
    {"default_destination_rate_delay", harmless, "deliveries are not slowed down"},
    {"defer_transports", unsupported, ""},
    {"disable_dns_lookups", unsupported, "write next hops in [ ]"},
    {"empty_address_recipient", harmless, ""},
    {"enable_long_queue_ids", harmless, "queue ids always have the long form"},
    {"enable_original_recipient", harmless, ""},
    {"header_checks", unsupported, ""},
    {"header_size_limit", harmless, ""},
    {"html_directory", harmless, ""},
    {"ipc_timeout", harmless, ""},
    {"lmtp_body_checks", unsupported, ""},
    {"lmtp_enforce_tls", unsupported, "set smtp_tls_security_level = encrypt"},
    {"lmtp_fallback_relay", unsupported, ""},
    {"lmtp_generic_maps", unsupported, ""},
    {"lmtp_header_checks", unsupported, ""},
    {"lmtp_mime_header_checks", unsupported, ""},
    {"lmtp_nested_header_checks", unsupported, ""},
    {"lmtp_reply_filter", unsupported, ""},
    {"lmtp_sasl_auth_enable", unsupported, "set smtp_sasl_auth_enable, which counts for LMTP, too"},
    {"lmtp_tls_policy_maps", unsupported, ""},
    {"lmtp_tls_security_level", unsupported, "set smtp_tls_security_level, which counts for LMTP, too"},
    {"lmtp_use_tls", unsupported, "set smtp_tls_security_level = may"},
    {"local_command_shell", unsupported, ""},
    {"mailq_path", harmless, ""},
    {"manpage_directory", harmless, ""},
    {"masquerade_domains", unsupported, ""},
    {"message_reject_characters", unsupported, ""},
    {"message_strip_characters", unsupported, ""},
    {"meta_directory", harmless, ""},
    {"milter_default_action", harmless, ""},
    {"milter_header_checks", unsupported, ""},
    {"milter_mail_macros", harmless, ""},
    {"milter_protocol", harmless, ""},
    {"mime_header_checks", unsupported, ""},
    {"mydomain_fallback", harmless, ""},
    {"mynetworks_style", unsupported, "list the networks in mynetworks"},
    {"nested_header_checks", unsupported, ""},
    {"newaliases_path", harmless, ""},
    {"non_smtpd_milters", unsupported, ""},
    {"prepend_delivered_header", harmless, ""},
    {"proxy_read_maps", harmless, ""},
    {"readme_directory", harmless, ""},
    {"receive_override_options", unsupported, ""},
    {"recipient_bcc_maps", unsupported, ""},
    {"recipient_canonical_maps", unsupported, ""},
    {"relay_destination_concurrency_limit", harmless, "default_destination_concurrency_limit holds"},
    {"relocated_maps", unsupported, ""},
    {"remote_header_rewrite_domain", unsupported, ""},
    {"require_home_directory", unsupported, ""},
    {"sample_directory", harmless, ""},
    {"sender_bcc_maps", unsupported, ""},
    {"sender_canonical_maps", unsupported, ""},
    {"sender_dependent_default_transport_maps", unsupported, ""},
    {"sender_dependent_relayhost_maps", unsupported, ""},
    {"sendmail_path", harmless, ""},
    {"shlib_directory", harmless, ""},
    {"smtp_always_send_ehlo", harmless, "EHLO is always said"},
    {"smtp_body_checks", unsupported, ""},
    {"smtp_dns_support_level", harmless, "answers are validated where dns_trust_anchor_file is set"},
    {"smtp_enforce_tls", unsupported, "set smtp_tls_security_level = encrypt"},
    {"smtp_fallback_relay", unsupported, ""},
    {"smtp_generic_maps", unsupported, ""},
    {"smtp_header_checks", unsupported, ""},
    {"smtp_mime_header_checks", unsupported, ""},
    {"smtp_nested_header_checks", unsupported, ""},
    {"smtp_reply_filter", unsupported, ""},
    {"smtp_sender_dependent_authentication", unsupported, ""},
    {"smtp_tls_CAfile", harmless, ""},
    {"smtp_tls_ciphers", harmless, "the ciphers are those of the TLS library"},
    {"smtp_tls_exclude_ciphers", harmless, "the ciphers are those of the TLS library"},
    {"smtp_tls_mandatory_ciphers", harmless, "the ciphers are those of the TLS library"},
    {"smtp_tls_mandatory_exclude_ciphers", harmless, "the ciphers are those of the TLS library"},
    {"smtp_tls_note_starttls_offer", harmless, ""},
    {"smtp_tls_per_site", unsupported, ""},
    {"smtp_tls_policy_maps", unsupported, ""},
    {"smtp_tls_session_cache_database", harmless, ""},
    {"smtp_use_tls", unsupported, "set smtp_tls_security_level = may"},
    {"smtpd_command_filter", unsupported, ""},
    {"smtpd_end_of_data_restrictions", unsupported, ""},
    {"smtpd_enforce_tls", unsupported, "set smtpd_tls_security_level = encrypt"},
    {"smtpd_etrn_restrictions", harmless, "ETRN is not offered"},
    {"smtpd_milter_maps", unsupported, ""},
    {"smtpd_milters", unsupported, ""},
    {"smtpd_proxy_filter", unsupported, ""},
    {"smtpd_reject_unlisted_sender", unsupported, ""},
    {"smtpd_restriction_classes", unsupported, ""},
    {"smtpd_sasl_local_domain", harmless, ""},
    {"smtpd_sasl_path", harmless, "logins are checked by authd"},
    {"smtpd_sasl_security_options", harmless, "smtpd_tls_auth_only and smtpd_sasl_mechanism_filter decide"},
    {"smtpd_sasl_tls_security_options", harmless, ""},
    {"smtpd_sasl_type", harmless, "logins are checked by authd"},
    {"smtpd_tls_CAfile", unsupported, ""},
    {"smtpd_tls_ask_ccert", unsupported, ""},
    {"smtpd_tls_ciphers", harmless, "the ciphers are those of the TLS library"},
    {"smtpd_tls_dh1024_param_file", harmless, ""},
    {"smtpd_tls_dh512_param_file", harmless, ""},
    {"smtpd_tls_exclude_ciphers", harmless, "the ciphers are those of the TLS library"},
    {"smtpd_tls_mandatory_ciphers", harmless, "the ciphers are those of the TLS library"},
    {"smtpd_tls_mandatory_exclude_ciphers", harmless, "the ciphers are those of the TLS library"},
    {"smtpd_tls_req_ccert", unsupported, ""},
    {"smtpd_tls_session_cache_database", harmless, ""},
    {"smtpd_tls_session_cache_timeout", harmless, ""},
    {"smtpd_upstream_proxy_protocol", unsupported, ""},
    {"smtpd_use_tls", unsupported, "set smtpd_tls_security_level = may"},
    {"smtputf8_enable", harmless, "SMTPUTF8 is not offered"},
    {"strict_7bit_headers", unsupported, ""},
    {"strict_8bitmime", unsupported, ""},
    {"strict_8bitmime_body", unsupported, ""},
    {"swap_bangpath", harmless, ""},
    {"tls_preempt_cipherlist", harmless, ""},
    {"tls_random_source", harmless, ""},
    {"tls_ssl_options", harmless, ""},
    {"virtual_destination_concurrency_limit", harmless, "default_destination_concurrency_limit holds"},
};

// The rest of Postfix's names, in order.
constexpr std::string_view other_names[] = {
#define NAME(name) #name,
#include "common/config/postfix_names.def"
#undef NAME
};
static_assert(std::ranges::is_sorted(other_names));

constexpr ForeignProgram programs[] = {
    {"anvil", ""},
    {"bounce", ""},
    {"cleanup", ""},
    {"discard", ""},
    {"error", ""},
    {"flush", ""},
    {"lmtp", ""},
    {"local", "local-delivery"},
    {"oqmgr", ""},
    {"pipe", ""},
    {"postlogd", "logger"},
    {"proxymap", ""},
    {"qmgr", "manager"},
    {"scache", ""},
    {"showq", ""},
    {"smtp", "relay"},
    {"tlsmgr", ""},
    {"tlsproxy", ""},
    {"trivial-rewrite", "router"},
    {"verify", ""},
    {"virtual", "local-delivery"},
};

}  // namespace

std::optional<ForeignName> find_foreign(std::string_view name) {
    const auto* found = std::ranges::find(names, name, &ForeignName::name);
    if (found != std::end(names)) return *found;
    if (std::ranges::binary_search(other_names, name)) return ForeignName{name, harmless, ""};
    return std::nullopt;
}

const ForeignProgram* find_foreign_program(std::string_view command) {
    const auto* found = std::find_if(std::begin(programs), std::end(programs),
                                     [&](const ForeignProgram& row) { return row.name == command; });
    return found == std::end(programs) ? nullptr : found;
}

}  // namespace ekiden::config
