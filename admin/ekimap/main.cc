// ekimap: builds, asks and lists lookup tables; postmap's options and forms.
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "admin/ekimap/map.h"
#include "common/config/params.h"

namespace {

constexpr std::string_view usage =
    "usage: ekimap [-fioprw] [type:]file ...\n"
    "       ekimap -q key|- [type:]file ...\n"
    "       ekimap -d key|- [type:]file ...\n"
    "       ekimap -s [type:]file ...\n";

std::string standard_input() {
    std::string content;
    std::array<char, 65536> buffer{};
    while (true) {
        ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return content;
        content.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

}  // namespace

int main(int argc, char** argv) {
    using namespace ekiden;
    auto options = ekimap::parse_options({argv + 1, argv + argc},
                                         std::string(param::default_database_type.default_text));
    if (!options) {
        std::fprintf(stderr, "ekimap: fatal: %s\n%s", options.error().text.c_str(),
                     std::string(usage).c_str());
        return 1;
    }
    ekimap::Output output = ekimap::run(*options, ekimap::reads_input(*options) ? standard_input() : "");
    std::fwrite(output.err.data(), 1, output.err.size(), stderr);
    std::fwrite(output.out.data(), 1, output.out.size(), stdout);
    return std::fflush(stdout) == 0 ? output.status : 1;
}
