#pragma once
// Parameter names that Postfix makes of the name of a service: smtp-amavis_destination_recipient_limit. None
// has an effect here, where one scheduler goes by the default_… parameters for all; they are known so that
// those who bring them along are told.
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ekiden::config {

struct ServiceSuffix {
    std::string_view suffix;
    std::string_view default_text;
};

// What a service that runs this program has; nothing where it delivers no mail.
std::span<const ServiceSuffix> service_suffixes(std::string_view program);

// The default of a name that begins with a service's, or nothing.
std::optional<std::string_view> service_default(std::string_view name, std::string_view service,
                                                std::string_view program);

}  // namespace ekiden::config
