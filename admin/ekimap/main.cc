// ekimap and ekialias: build, ask and list lookup tables; postmap's and postalias's options and forms. One
// program that goes by the name it is called by.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "admin/ekimap/map.h"
#include "common/config/read_leniently.h"
#include "common/text/ascii.h"

namespace {

using namespace ekiden;

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

// default_database_type of main.cf; where no directory was named, a missing main.cf is as good as an empty
// one.
Result<std::string> default_type(const ekimap::Options& options) {
    std::string standard(param::default_database_type.default_text);
    std::string directory = options.config_directory.empty() ? "/etc/ekiden" : options.config_directory;
    std::string path = directory + "/main.cf";
    if (::access(path.c_str(), F_OK) != 0) {
        if (options.directory_given) return system_error("open " + path, errno);
        return standard;
    }
    Result<Settings> settings = config::read_leniently(directory);
    if (!settings) return pass(settings);
    return (*settings)[param::default_database_type];
}

// Each line behind the program's name.
int fail(ekimap::Tool tool, const std::string& message) {
    for (const std::string& line : text::split(message, "\n"))
        std::fprintf(stderr, "%s: %s\n", std::string(name_of(tool)).c_str(), line.c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    std::string_view called = argc > 0 ? argv[0] : "";
    called = called.substr(called.rfind('/') + 1);
    ekimap::Tool tool = called == "ekialias" ? ekimap::Tool::alias : ekimap::Tool::map;
    std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    auto options = ekimap::parse_options(tool, arguments, std::getenv("MAIL_CONFIG"));
    if (!options) return fail(tool, options.error().text);
    Result<std::string> type = default_type(*options);
    if (!type) return fail(tool, "fatal: " + type.error().text);
    std::string input = ekimap::reads_input(*options) ? standard_input() : "";
    ekimap::Output output = ekimap::run(*options, *type, input);
    std::fwrite(output.err.data(), 1, output.err.size(), stderr);
    std::fwrite(output.out.data(), 1, output.out.size(), stdout);
    return std::fflush(stdout) == 0 ? output.status : 1;
}
