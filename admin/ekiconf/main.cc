// ekiconf: show and edit main.cf, show master.cf; postconf's options and forms.
#include <cstdio>
#include <cstdlib>

#include "admin/ekiconf/edit.h"
#include "admin/ekiconf/options.h"
#include "admin/ekiconf/show.h"

int main(int argc, char** argv) {
    using namespace ekiden;
    using namespace ekiden::ekiconf;
    Result<Options> options = parse_options({argv + 1, argv + argc}, std::getenv("MAIL_CONFIG"));
    if (!options) {
        std::fprintf(stderr, "ekiconf: fatal: %s\n%s", options.error().text.c_str(),
                     std::string(usage).c_str());
        return 1;
    }
    if (options->mode == Mode::edit || options->mode == Mode::remove) {
        Result<> done = edit(*options);
        if (!done) std::fprintf(stderr, "ekiconf: fatal: %s\n", done.error().text.c_str());
        return done ? 0 : 1;
    }
    Output output = show(*options);
    std::fwrite(output.err.data(), 1, output.err.size(), stderr);
    std::fwrite(output.out.data(), 1, output.out.size(), stdout);
    return std::fflush(stdout) == 0 ? output.status : 1;
}
