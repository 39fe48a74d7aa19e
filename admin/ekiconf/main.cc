// ekiconf: show and edit main.cf and master.cf; postconf's options and forms.
#include <cstdio>
#include <cstdlib>

#include "admin/ekiconf/run.h"

int main(int argc, char** argv) {
    ekiden::ekiconf::Output output =
        ekiden::ekiconf::run({argv + 1, argv + argc}, std::getenv("MAIL_CONFIG"));
    std::fwrite(output.err.data(), 1, output.err.size(), stderr);
    std::fwrite(output.out.data(), 1, output.out.size(), stdout);
    return std::fflush(stdout) == 0 ? output.status : 1;
}
