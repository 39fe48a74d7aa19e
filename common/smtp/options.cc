#include "common/smtp/options.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/config/bad_parameter.h"
#include "common/dns/name.h"
#include "common/text/ascii.h"

namespace ekiden::smtp {
namespace {

using config::bad_parameter;

unsigned count_of(std::int64_t value) {
    return static_cast<unsigned>(std::clamp<std::int64_t>(value, 0, 1'000'000'000));
}
Milliseconds time_of(Seconds value) { return std::clamp(value, Seconds(1), Seconds(86400)); }

Result<BareNewline> bare_newline_of(const std::string& text) {
    if (text == "normalize" || text == "yes" || text == "note") return BareNewline::normalize;
    if (text == "reject") return BareNewline::reject;
    if (text == "no") return BareNewline::no;
    return bad_parameter("smtpd_forbid_bare_newline",
                         fmt::format("\"{}\" is not normalize, reject or no", text::printable(text, 60)));
}

// Each list of networks that a session asks.
Result<> read_networks(SessionOptions& options, const Settings& settings, const tables::Source& source) {
    struct Row {
        tables::NetworkList& list;
        const Param<List>& parameter;
    };
    for (const Row& row :
         {Row{options.my_networks, param::mynetworks},
          Row{options.rate_exceptions, param::smtpd_client_event_limit_exceptions},
          Row{options.plaintext_auth, param::smtpd_plaintext_auth_networks},
          Row{options.auth_exceptions, param::smtpd_sasl_exceptions_networks},
          Row{options.bare_newline_exclusions, param::smtpd_forbid_bare_newline_exclusions}}) {
        Result<tables::NetworkList> list = tables::NetworkList::of(row.parameter, settings, source);
        if (!list) return pass(list);
        row.list = std::move(*list);
    }
    return {};
}

// Names that go into greetings and addresses as they stand.
Result<> check_names(const Settings& settings) {
    for (const Param<std::string>* parameter : {&param::myhostname, &param::myorigin}) {
        const std::string& name = settings[*parameter];
        if (!dns::is_host_name(name))
            return bad_parameter(parameter->name, fmt::format("\"{}\" is no host name: write one like "
                                                              "mail.example.jp",
                                                              text::printable(name, 100)));
    }
    return {};
}

void read_limits(SessionOptions& o, const Settings& s) {
    o.timeout = time_of(s[param::smtpd_timeout]);
    o.command_timeout = time_of(s[param::smtpd_command_timeout]);
    o.data_timeout = time_of(s[param::smtpd_data_timeout]);
    o.transaction_deadline = time_of(s[param::smtpd_transaction_deadline]);
    o.starttls_timeout = time_of(s[param::smtpd_starttls_timeout]);
    o.error_sleep = std::clamp(s[param::smtpd_error_sleep_time], Seconds(0), Seconds(60));
    o.line_limit = std::clamp<std::size_t>(count_of(s[param::line_length_limit]), 512, 65536);
    o.inline_limit = std::min<std::size_t>(count_of(s[param::spool_inline_limit]), 1024 * 1024);
    o.sasl_line_limit = std::clamp<std::size_t>(count_of(s[param::smtpd_sasl_response_limit]), 512, 65536);
    o.size_limit = count_of(s[param::message_size_limit]);
    o.recipient_limit = std::max(1u, count_of(s[param::smtpd_recipient_limit]));
    o.overshoot_limit = count_of(s[param::smtpd_recipient_overshoot_limit]);
    o.hop_limit = count_of(s[param::hopcount_limit]);
    o.soft_errors = count_of(s[param::smtpd_soft_error_limit]);
    o.hard_errors = std::max(1u, count_of(s[param::smtpd_hard_error_limit]));
    o.junk_limit = count_of(s[param::smtpd_junk_command_limit]);
    o.connection_count_limit = count_of(s[param::smtpd_client_connection_count_limit]);
    o.connection_rate_limit = count_of(s[param::smtpd_client_connection_rate_limit]);
    o.message_rate_limit = count_of(s[param::smtpd_client_message_rate_limit]);
    o.recipient_rate_limit = count_of(s[param::smtpd_client_recipient_rate_limit]);
    o.auth_rate_limit = count_of(s[param::smtpd_client_auth_rate_limit]);
    o.tls_rate_limit = count_of(s[param::smtpd_client_new_tls_session_rate_limit]);
    o.ipv4_prefix = std::min(32u, count_of(s[param::smtpd_client_ipv4_prefix_length]));
    o.ipv6_prefix = std::min(128u, count_of(s[param::smtpd_client_ipv6_prefix_length]));
}

}  // namespace

Result<SessionOptions> SessionOptions::from(const Settings& s, Role role, const tables::Source& source) {
    const bool submission = role == Role::submission;
    SessionOptions o;
    o.service = submission ? "submission" : "smtp";
    Result<> names = check_names(s);
    if (!names) return pass(names);
    o.hostname = s[param::myhostname];
    o.banner = s[param::smtpd_banner];
    o.mail_name = s[param::mail_name];
    o.origin = s[param::myorigin];
    Result<> networks = read_networks(o, s, source);
    if (!networks) return pass(networks);
    Result<Restrictions> restrictions = Restrictions::from(
        s, submission ? param::submission_relay_restrictions : param::smtpd_relay_restrictions);
    if (!restrictions) return pass(restrictions);
    o.restrictions = std::move(*restrictions);
    Result<TlsLevel> tls =
        tls_level_of(submission ? param::submission_tls_security_level : param::smtpd_tls_security_level, s);
    if (!tls) return pass(tls);
    o.tls = *tls;
    // RFC 8314: a submission service sees no passwords in clear, from loopback neither; nor does a server
    // that demands TLS.
    if (submission || o.tls == TlsLevel::encrypt) o.plaintext_auth = {};
    Result<BareNewline> bare = bare_newline_of(s[param::smtpd_forbid_bare_newline]);
    if (!bare) return pass(bare);
    o.bare_newline = *bare;
    std::int64_t code = s[param::smtpd_forbid_bare_newline_reject_code];
    if (code >= 400 && code <= 599) o.bare_newline_code = static_cast<int>(code);
    read_limits(o, s);
    o.delay_reject = s[param::smtpd_delay_reject];
    o.helo_required = s[param::smtpd_helo_required];
    o.vrfy = !s[param::disable_vrfy_command];
    o.strict_envelopes = s[param::strict_rfc821_envelopes];
    for (const std::string& word : s[param::smtpd_discard_ehlo_keywords])
        o.discarded_keywords.insert(text::to_upper(word));
    o.forbid_pipelining = s[param::smtpd_forbid_unauth_pipelining];
    o.tls_wrapper = s[param::smtpd_tls_wrappermode];
    // RFC 8314: where TLS is demanded, AUTH is not offered in clear.
    o.tls_auth_only = s[param::smtpd_tls_auth_only] || submission || o.tls == TlsLevel::encrypt;
    o.tls_in_received = s[param::smtpd_tls_received_header];
    o.tls_log = s[param::smtpd_tls_loglevel] > 0;
    o.auth = s[param::smtpd_sasl_auth_enable];
    o.login_in_received = s[param::smtpd_sasl_authenticated_header];
    o.broken_auth_clients = s[param::broken_sasl_auth_clients];
    o.mechanism_filter = s[param::smtpd_sasl_mechanism_filter];
    o.peer_names = s[param::smtpd_peername_lookup];
    return o;
}

}  // namespace ekiden::smtp
