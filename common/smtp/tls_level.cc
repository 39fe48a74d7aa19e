#include "common/smtp/tls_level.h"

#include "common/config/bad_parameter.h"
#include "common/text/ascii.h"

namespace ekiden::smtp {

Result<TlsLevel> tls_level_of(const Param<std::string>& parameter, const Settings& settings) {
    const std::string& text = settings[parameter];
    if (text.empty() || text == "none") return TlsLevel::none;
    if (text == "may") return TlsLevel::may;
    if (text == "encrypt") return TlsLevel::encrypt;
    std::string what = "\"" + text::printable(text, 60) + "\" is not none, may or encrypt";
    for (std::string_view verified : {"dane", "dane-only", "fingerprint", "verify", "secure"})
        if (text == verified) what += ": certificates of servers are not verified yet";
    return config::bad_parameter(parameter.name, what);
}

}  // namespace ekiden::smtp
