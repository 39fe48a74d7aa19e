// From main.cf's names to ours.
#include "queue/manager/settings.h"

#include <algorithm>

#include "common/text/ascii.h"

namespace ekiden::queue {
namespace {

template <class To>
To at_least(std::int64_t value, std::int64_t least) {
    return static_cast<To>(std::clamp<std::int64_t>(value, least, 1'000'000'000));
}

bool notifies(const Settings& settings, std::string_view kind) {
    return std::ranges::any_of(settings[param::notify_classes], [kind](const std::string& each) {
        return text::equal_ignoring_case(each, kind);
    });
}

NoticePolicy notice_policy(const Settings& settings, std::string_view bounce_templates) {
    NoticePolicy policy;
    policy.hostname = settings[param::myhostname];
    policy.mail_name = settings[param::mail_name];
    policy.origin = settings[param::myorigin];
    policy.double_bounce_sender = settings[param::double_bounce_sender];
    policy.bounce_recipient = settings[param::bounce_notice_recipient];
    // Its name begins with a digit, so it is no row of the catalogue.
    std::string second = settings.text("2bounce_notice_recipient");
    policy.double_bounce_recipient = second.empty() ? "postmaster" : second;
    policy.delay_recipient = settings[param::delay_notice_recipient];
    policy.notify_bounce = notifies(settings, "bounce");
    policy.notify_double_bounce = notifies(settings, "2bounce");
    policy.notify_delay = notifies(settings, "delay");
    policy.size_limit = at_least<std::size_t>(settings[param::bounce_size_limit], 0);
    std::vector<config::Finding> told_by_the_check;
    policy.texts = config::bounce_texts(settings, bounce_templates, told_by_the_check);
    return policy;
}

}  // namespace

QueueSettings queue_settings(const Settings& settings, std::string_view bounce_templates) {
    QueueSettings q;
    q.retry.minimal_backoff = settings[param::minimal_backoff_time];
    q.retry.maximal_backoff = settings[param::maximal_backoff_time];
    q.retry.maximal_lifetime = settings[param::maximal_queue_lifetime];
    q.retry.bounce_lifetime = settings[param::bounce_queue_lifetime];
    q.retry.delay_warning = settings[param::delay_warning_time];
    q.limits.initial_concurrency = at_least<int>(settings[param::initial_destination_concurrency], 1);
    q.limits.concurrency = at_least<int>(settings[param::default_destination_concurrency_limit], 1);
    q.limits.local_concurrency = at_least<int>(settings[param::local_destination_concurrency_limit], 1);
    q.limits.recipients = at_least<int>(settings[param::default_destination_recipient_limit], 1);
    q.limits.transport = at_least<int>(settings[param::default_process_limit], 1);
    q.limits.dead_for_us = std::chrono::microseconds(settings[param::minimal_backoff_time]).count();
    q.notices = notice_policy(settings, bounce_templates);
    q.active_messages = at_least<std::size_t>(settings[param::qmgr_message_active_limit], 1);
    q.active_recipients = at_least<std::size_t>(settings[param::qmgr_message_recipient_limit], 1);
    q.run_delay = std::max(Seconds(1), settings[param::queue_run_delay]);
    std::int64_t wanted = settings[param::queue_minfree];
    q.needed_free = std::max(wanted, settings[param::message_size_limit] * 3 / 2);
    q.soft_bounce = settings[param::soft_bounce];
    return q;
}

IntakeLimits intake_limits(const Settings& settings) {
    IntakeLimits limits;
    limits.message_size = settings[param::message_size_limit];
    // A little over what the receiving services allow, for the fields they add.
    if (limits.message_size > 0) limits.message_size += 64 << 10;
    return limits;
}

SpoolOptions spool_options(const Settings& settings) {
    SpoolOptions options;
    options.reserve_bytes = std::max<std::int64_t>(settings[param::queue_reserve], 64 << 10);
    options.in_database_limit = std::max<std::int64_t>(settings[param::spool_inline_limit], 1 << 10);
    return options;
}

std::string spool_directory(const Settings& settings) { return settings[param::queue_directory] + "/queue"; }

}  // namespace ekiden::queue
