#pragma once
// Certificate and key files, read by master alone (workers have no files) and looked at again every few
// seconds. The check of a configuration reads them in the same way.
#include <cstdint>
#include <map>
#include <string>

#include "common/base/error.h"
#include "common/base/secret.h"
#include "common/config/settings.h"

namespace ekiden::net {

struct Identity {
    std::string certificates;  // PEM; empty: the service has none
    Secret key;
};

class IdentityFiles {
  public:
    // Reads the files that the settings name (smtpd_tls_chain_files, or smtpd_tls_cert_file and
    // smtpd_tls_key_file) and checks that they belong together. Errors name the parameter.
    Result<Identity> read(const Settings& settings);
    // True once after any file that was read has changed.
    bool changed();

  private:
    std::map<std::string, std::string> marks_;  // path → inode, size, time of change
};

}  // namespace ekiden::net
