#include "common/net/identity.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "common/config/bad_parameter.h"
#include "common/config/check.h"
#include "common/net/tls.h"

namespace ekiden::net {
namespace {

std::string mark_of(const std::string& path) {
    struct stat facts{};
    if (stat(path.c_str(), &facts) != 0) return "missing";
    return fmt::format("{}:{}:{}.{}", facts.st_ino, facts.st_size, facts.st_mtim.tv_sec,
                       facts.st_mtim.tv_nsec);
}

}  // namespace

Result<Identity> IdentityFiles::read(const Settings& settings) {
    std::vector<std::string> certificate_files = settings[param::smtpd_tls_chain_files];
    std::string_view certificate_parameter =
        certificate_files.empty() ? param::smtpd_tls_cert_file.name : param::smtpd_tls_chain_files.name;
    std::string_view key_parameter =
        certificate_files.empty() ? param::smtpd_tls_key_file.name : certificate_parameter;
    std::string key_file =
        certificate_files.empty() ? settings[param::smtpd_tls_key_file] : certificate_files.front();
    if (certificate_files.empty() && !settings[param::smtpd_tls_cert_file].empty())
        certificate_files = {settings[param::smtpd_tls_cert_file]};
    Identity identity;
    if (certificate_files.empty()) return identity;
    for (const std::string& path : certificate_files) {
        marks_[path] = mark_of(path);
        Result<std::string> text = config::read_file(path);
        if (!text) return config::bad_parameter(certificate_parameter, text.error());
        identity.certificates += *text + '\n';
    }
    marks_[key_file] = mark_of(key_file);
    Result<std::string> key = config::read_file(key_file);
    if (!key) return config::bad_parameter(key_parameter, key.error());
    identity.key = Secret(std::move(*key));
    Result<net::TlsContext> context = net::TlsContext::server(identity.certificates, identity.key, "check");
    if (!context)
        return config::bad_parameter(certificate_parameter,
                                     fmt::format("{}: {}", certificate_files.front(), context.error().text));
    return identity;
}

bool IdentityFiles::changed() {
    bool any = false;
    for (auto& [path, mark] : marks_)
        if (std::string now = mark_of(path); now != mark) mark = now, any = true;
    return any;
}

}  // namespace ekiden::net
