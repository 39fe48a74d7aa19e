#pragma once
// The catalogue of everything that is logged. Lines that Postfix also writes have its form, for pflogsumm,
// fail2ban and eyes that know them. Names are stable: administrators search for them in the JSON form, tests
// expect them.
#include "common/log/logger.h"

namespace ekiden::events {

using log::Event;
using enum log::Level;

// --- master ---
inline constexpr Event<"daemon_started", info,
                       "daemon started -- version {version}, configuration {configuration}">
    daemon_started;
inline constexpr Event<"reloaded", info,
                       "reload -- version {version}, configuration {configuration}, generation {generation}">
    reloaded;
inline constexpr Event<"reload_refused", error, "reload refused, the configuration in use stays: {why}">
    reload_refused;
inline constexpr Event<"terminating", info, "terminating on signal {signal}"> terminating;
inline constexpr Event<"stopped", info, "stopped: every process has ended"> stopped;
inline constexpr Event<"process_killed", warning, "process {child} pid {child_pid} killed by signal {signal}">
    process_killed;
inline constexpr Event<"process_exit", warning, "process {child} pid {child_pid} exit status {status}">
    process_exit;
inline constexpr Event<"restart_paused", warning,
                       "{child}: bad command startup -- throttling, next start in {pause} s">
    restart_paused;
inline constexpr Event<"process_hung", warning,
                       "process {child} pid {child_pid} does not answer for {seconds} s: replaced">
    process_hung;
inline constexpr Event<"start_failed", error, "{child}: cannot start: {why}"> start_failed;
inline constexpr Event<"tls_identity_loaded", info, "certificate {file} loaded"> tls_identity_loaded;
inline constexpr Event<"tls_identity_failed", warning,
                       "certificate {file} cannot be used, the one in use stays: {why}">
    tls_identity_failed;
inline constexpr Event<"stop_forced", warning, "process {child} pid {child_pid} did not stop in time: killed">
    stop_forced;

// --- every process ---
inline constexpr Event<"channel_refused", error, "channel to {peer}: {why}: closed"> channel_refused;
inline constexpr Event<"session_failed", error, "{what}: unexpected: {why}: session ended"> session_failed;
inline constexpr Event<"sandbox_reduced", warning, "sandbox: {what} is not available: {why}"> sandbox_reduced;
inline constexpr Event<"accept_failed", warning, "accept on {address}: {why}"> accept_failed;
inline constexpr Event<"message_unsent", error, "a message to {peer} was dropped: {why}"> message_unsent;
inline constexpr Event<"lines_dropped", warning, "{count} log lines were dropped"> lines_dropped;

// --- pop3d, before login ---
inline constexpr Event<"pop3_connect", info, "connect from unknown[{address}]{!session}"> pop3_connect;
inline constexpr Event<"pop3_disconnect", info, "disconnect from unknown[{address}]{?: |reason|}{!session}">
    pop3_disconnect;
inline constexpr Event<"pop3_login", info,
                       "login: user=<{user}>, method={method}, rip={address}{?, |tls|}{!session}">
    pop3_login;

// --- pop3d, after login ---
inline constexpr Event<
    "pop3_session_end", info,
    "logout: user={user}, rip={address}, retr={retrieved}/{octets}, del={deleted}/{messages}, "
    "reason={reason}{!session}">
    pop3_session_end;

// --- deliveries: local-delivery (as virtual, and for users as local) and relay (as smtp) ---
inline constexpr Event<
    "delivery", info,
    "{queue_id}: to=<{to}>{?, orig_to=<|orig_to|>}, relay={relay}{?, conn_use=|connection_use|}, "
    "delay={delay}, delays={delays}, dsn={dsn}, status={status} ({text})">
    delivery;
inline constexpr Event<"delivery_child_failed", error, "delivery process for uid {uid}: {why}">
    delivery_child_failed;
inline constexpr Event<
    "local_delivery", info,
    "{queue_id}: to=<{to}>{?, orig_to=<|orig_to|>}, relay={relay}, delay={delay}, delays={delays}, "
    "dsn={dsn}, status={status} ({text})">
    local_delivery;
inline constexpr Event<"forward_ignored", warning, "{queue_id}: of {user} ignored: {why}"> forward_ignored;
inline constexpr Event<"command_starter_lost", error,
                       "the process that starts commands is gone; a new delivery process takes over">
    command_starter_lost;

// --- authd ---
// fail2ban: failregex = login failed: .*, rip=<HOST>,
inline constexpr Event<"login_failed", warning,
                       "login failed: user=<{user}>, method={method}, rip={address}, service={service}, "
                       "tls={tls}: {why}{!session}">
    login_failed;
inline constexpr Event<
    "grant_opened", info,
    "relay opened: network={network}, user={user}, service={service}, seconds={seconds}{!session}">
    grant_opened;
inline constexpr Event<"grants_revoked", info, "relay closed: {count} grants of {whose}"> grants_revoked;
inline constexpr Event<"grants_not_kept", warning, "grants could not be kept for the next start: {why}">
    grants_not_kept;
inline constexpr Event<"directory_not_published", warning,
                       "the directory for the router could not be published, the old one stays: {why}">
    directory_not_published;
inline constexpr Event<"account_command", info, "{tool} {command}: exit status {status}{!pid}">
    account_command;
inline constexpr Event<"ticket_refused", warning, "ticket for service {service} refused: {why}">
    ticket_refused;

// --- relay (as smtp) ---
inline constexpr Event<"smtp_connect_failed", info, "connect to {host}: {why}"> smtp_connect_failed;
inline constexpr Event<"smtp_host_said", info, "{queue_id}: {said}"> smtp_host_said;
inline constexpr Event<"smtp_tls", info,
                       "Untrusted TLS connection established to {host}: {version} with cipher {cipher} "
                       "({used_bits}/{bits} bits)">
    smtp_tls;
inline constexpr Event<"smtp_tls_fallback", info, "Cannot start TLS with {host}: {why}: trying in clear">
    smtp_tls_fallback;
inline constexpr Event<"smtp_own_name", warning,
                       "host {host} replied to HELO/EHLO with my own hostname {hostname}">
    smtp_own_name;

// --- router ---
inline constexpr Event<"lookup_failed", warning, "lookup in {table} failed: {why}"> lookup_failed;
inline constexpr Event<"table_lookup", info, "debug: {table} lookup: \"{key}\" = \"{answer}\""> table_lookup;
inline constexpr Event<"table_trouble", warning, "{finding}"> table_trouble;

// --- resolver ---
inline constexpr Event<"dns_no_trust_anchor", warning,
                       "no DNSSEC validation: {why} (package dns-root-data, or dns_trust_anchor_file)">
    dns_no_trust_anchor;
inline constexpr Event<"dns_bogus", warning, "DNSSEC validation of {name} {type} failed: {why}"> dns_bogus;

// --- smtpd, submission ---
inline constexpr Event<"smtpd_connect", info, "connect from {client}[{address}]{!port}{!session}">
    smtpd_connect;
inline constexpr Event<"smtpd_disconnect", info, "disconnect from {client}[{address}] {counts}{!session}">
    smtpd_disconnect;
inline constexpr Event<
    "smtpd_client", info,
    "{queue_id}: client={client}[{address}]{?, sasl_method=|sasl_method|}{?, sasl_username=|sasl_username|}"
    "{?, pop_before_smtp=|pop_before_smtp|}{!session}">
    smtpd_client;
inline constexpr Event<
    "smtpd_reject", info,
    "{queue_id}: reject: {stage} from {client}[{address}]: {reply}; {context}{!sender}{!recipient}{!session}">
    smtpd_reject;
// What a restriction notes without refusing: {verb} is reject_warning, warn or info.
inline constexpr Event<
    "smtpd_restriction_note", info,
    "{queue_id}: {verb}: {stage} from {client}[{address}]: {text}; {context}{!sender}{!recipient}{!session}">
    smtpd_restriction_note;
inline constexpr Event<"smtpd_lost", info,
                       "lost connection after {stage}{? (|octets| bytes)} from {client}[{address}]{!session}">
    smtpd_lost;
inline constexpr Event<"smtpd_timeout", info,
                       "timeout after {stage}{? (|octets| bytes)} from {client}[{address}]{!session}">
    smtpd_timeout;
inline constexpr Event<"smtpd_too_many_errors", info,
                       "too many errors after {stage} from {client}[{address}]{!session}">
    smtpd_too_many_errors;
inline constexpr Event<"smtpd_pipelining", info,
                       "improper command pipelining after {stage} from {client}[{address}]: {text}{!session}">
    smtpd_pipelining;
inline constexpr Event<
    "smtpd_tls", info,
    "Anonymous TLS connection established from {client}[{address}]: {version} with cipher {cipher} "
    "({used_bits}/{bits} bits){!session}">
    smtpd_tls;
inline constexpr Event<"smtpd_tls_failed", info, "SSL_accept error from {client}[{address}]: {why}{!session}">
    smtpd_tls_failed;
inline constexpr Event<
    "smtpd_sasl_failed", warning,
    "{client}[{address}]: SASL {method} authentication failed: {why}{?, sasl_username=|user|}{!session}">
    smtpd_sasl_failed;
inline constexpr Event<"smtpd_limit", warning,
                       "{what} limit exceeded: {count} from {client}[{address}] for service {service}">
    smtpd_limit;
inline constexpr Event<"smtpd_peer_trouble", warning, "problem talking to service {service}: {why}{!session}">
    smtpd_peer_trouble;
// --- pickup ---
inline constexpr Event<"pickup_taken", info, "{queue_id}: uid={uid} from=<{from}>{!file}"> pickup_taken;
inline constexpr Event<"pickup_known", info,
                       "{queue_id}: maildrop file {file} is in the queue already: dropped">
    pickup_known;
inline constexpr Event<"pickup_quarantined", warning, "maildrop file {file}: {why}: moved to {where}">
    pickup_quarantined;
inline constexpr Event<"pickup_discarded", warning, "maildrop file {file}: {why}: removed"> pickup_discarded;
inline constexpr Event<"pickup_left", warning, "maildrop file {file}: {why}: it stays where it is">
    pickup_left;
inline constexpr Event<"pickup_delayed", warning, "maildrop file {file}: {why}: will be tried again">
    pickup_delayed;
inline constexpr Event<"pickup_stale", info, "maildrop file {file} was not finished within a day: removed">
    pickup_stale;
inline constexpr Event<"pickup_blind", warning, "maildrop {directory}: {why}"> pickup_blind;
// --- queue manager (qmgr; cleanup's and bounce's lines too) ---
inline constexpr Event<"message_id", info, "{queue_id}: message-id={message_id}"> message_id;
inline constexpr Event<"queue_active", info,
                       "{queue_id}: from=<{from}>, size={size}, nrcpt={recipients} (queue active)">
    queue_active;
inline constexpr Event<"queue_removed", info, "{queue_id}: removed"> queue_removed;
inline constexpr Event<"queue_expired", info, "{queue_id}: from=<{from}>, status=expired, returned to sender">
    queue_expired;
inline constexpr Event<
    "queue_outcome", info,
    "{queue_id}: to=<{to}>{?, orig_to=<|orig_to|>}, relay=none, delay={delay}, delays={delays}, "
    "dsn={dsn}, status={status} ({text})">
    queue_outcome;
inline constexpr Event<"sender_notice", info, "{queue_id}: sender non-delivery notification: {notice}">
    sender_notice;
inline constexpr Event<"delay_notice", info, "{queue_id}: sender delay notification: {notice}"> delay_notice;
inline constexpr Event<"report_notice", info, "{queue_id}: sender delivery status notification: {notice}">
    report_notice;
inline constexpr Event<"report_unsent", info,
                       "{queue_id}: not sending trace/success notification for {what} message">
    report_unsent;
inline constexpr Event<"postmaster_notice", info,
                       "{queue_id}: postmaster non-delivery notification: {notice}">
    postmaster_notice;
inline constexpr Event<"postmaster_delay_notice", info, "{queue_id}: postmaster delay notification: {notice}">
    postmaster_delay_notice;
inline constexpr Event<"notice_dropped", warning,
                       "{queue_id}: undeliverable mail from <{from}> to <{to}> is dropped: {reason}">
    notice_dropped;
inline constexpr Event<"queue_operator", info, "{queue_id}: {what}"> queue_operator;
inline constexpr Event<"spool_finding", warning, "spool: {what}"> spool_finding;
inline constexpr Event<"operator_report", info, "{what}"> operator_report;
inline constexpr Event<"queue_flushed", info, "flush of {what}: {count} messages are due now"> queue_flushed;
inline constexpr Event<"spool_opened", info, "spool {directory}: {messages} messages"> spool_opened;
inline constexpr Event<"spool_failed", error, "{queue_id}: cannot record: {why}: will be tried again">
    spool_failed;
inline constexpr Event<"manager_broken", error,
                       "unexpected: {why}: the queue manager stops and is started anew">
    manager_broken;
inline constexpr Event<"spool_unreadable", error, "cannot read the spool: {why}: will be tried again">
    spool_unreadable;
inline constexpr Event<"content_unreadable", error, "{queue_id}: content cannot be read: {why}: put on hold">
    content_unreadable;
inline constexpr Event<"intake_failed", warning, "{queue_id}: not accepted: {why}"> intake_failed;
inline constexpr Event<"intake_stopped", warning,
                       "mail is not accepted: {free} octets are free in the queue, {needed} are needed">
    intake_stopped;

}  // namespace ekiden::events
