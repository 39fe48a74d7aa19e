#include "common/config/service_names.h"

#include <algorithm>

namespace ekiden::config {
namespace {

// Of a delivery program all but the last, of pipe all, of spawn the last alone.
constexpr ServiceSuffix suffixes[] = {
    {"_delivery_slot_cost", "$default_delivery_slot_cost"},
    {"_delivery_slot_discount", "$default_delivery_slot_discount"},
    {"_delivery_slot_loan", "$default_delivery_slot_loan"},
    {"_destination_concurrency_failed_cohort_limit", "$default_destination_concurrency_failed_cohort_limit"},
    {"_destination_concurrency_limit", "$default_destination_concurrency_limit"},
    {"_destination_concurrency_negative_feedback", "$default_destination_concurrency_negative_feedback"},
    {"_destination_concurrency_positive_feedback", "$default_destination_concurrency_positive_feedback"},
    {"_destination_rate_delay", "$default_destination_rate_delay"},
    {"_destination_recipient_limit", "$default_destination_recipient_limit"},
    {"_extra_recipient_limit", "$default_extra_recipient_limit"},
    {"_initial_destination_concurrency", "$initial_destination_concurrency"},
    {"_minimum_delivery_slots", "$default_minimum_delivery_slots"},
    {"_recipient_limit", "$default_recipient_limit"},
    {"_recipient_refill_delay", "$default_recipient_refill_delay"},
    {"_recipient_refill_limit", "$default_recipient_refill_limit"},
    {"_transport_rate_delay", "$default_transport_rate_delay"},
    {"_time_limit", "$command_time_limit"},
};

constexpr std::string_view deliverers[] = {"local", "virtual", "smtp",          "lmtp",
                                           "error", "relay",   "local-delivery"};

}  // namespace

std::span<const ServiceSuffix> service_suffixes(std::string_view program) {
    std::span<const ServiceSuffix> all(suffixes);
    if (program == "pipe") return all;
    if (program == "spawn") return all.last(1);
    if (std::ranges::find(deliverers, program) == std::end(deliverers)) return {};
    return all.first(all.size() - 1);
}

std::optional<std::string_view> service_default(std::string_view name, std::string_view service,
                                                std::string_view program) {
    if (!name.starts_with(service)) return std::nullopt;
    name.remove_prefix(service.size());
    for (const ServiceSuffix& row : service_suffixes(program))
        if (row.suffix == name) return row.default_text;
    return std::nullopt;
}

}  // namespace ekiden::config
