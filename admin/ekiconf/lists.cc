#include "admin/ekiconf/lists.h"

#include "common/config/table_reference.h"
#include "common/net/tls_library.h"

namespace ekiden::ekiconf {
namespace {

Output tls_facts(const std::string& mode) {
    Output output;
    if (mode == "compile-version") {
        output.out = net::tls_version_at_build() + "\n";
    } else if (mode == "run-version") {
        output.out = net::tls_version_now() + "\n";
    } else if (mode == "public-key-algorithms") {
        for (const std::string& name : net::tls_key_algorithms()) output.out += name + "\n";
    } else {
        output.warn("unknown 'ekiconf -T' mode: " + mode);
        output.status = 1;
    }
    return output;
}

Output table_types() {
    Output output;
    for (const config::TableType& type : config::table_types()) output.out += std::string(type.name) + "\n";
    return output;
}

}  // namespace

Output show_list(const Options& options) {
    switch (options.mode) {
        case 'a': return {"authd\n", "", 0};           // logins of clients are checked by authd
        case 'A': return {"builtin\n", "", 0};         // logins at servers are the relay's own
        case 'l': return {"fcntl\ndotlock\n", "", 0};  // how mailboxes are locked
        case 'T': return tls_facts(options.tls_mode);
        default: return table_types();
    }
}

}  // namespace ekiden::ekiconf
