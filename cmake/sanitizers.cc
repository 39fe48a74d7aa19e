// What every program of a sanitizer build has beside its own code: how a finding ends it, and where its
// report goes.
//
// How: a finding, a leak at the end too, aborts, so that whoever waits for the process sees a signal and no
// status that could be its own. What master started has /dev/null as standard error, and once confined it can
// open no file: the report goes to the file that EKIDEN_REPORTS names, opened here, before main, and what
// such a process starts has it too. There is no /proc in an empty root: where the program stands in memory is
// noted now as well.
#include <fcntl.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#include <sanitizer/ubsan_interface.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace {

[[gnu::constructor]] void keep_reports() {
    __sanitizer_sandbox_on_notify(nullptr);
    const char* reports = std::getenv("EKIDEN_REPORTS");
    struct stat output{}, nowhere{};
    if (!reports || fstat(STDERR_FILENO, &output) != 0 || stat("/dev/null", &nowhere) != 0 ||
        !S_ISCHR(output.st_mode) || output.st_rdev != nowhere.st_rdev)
        return;
    int file = open(reports, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) return;
    dup2(file, STDERR_FILENO);
    close(file);
}

bool is_traced() {
    char text[4096];
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t size = read(file, text, sizeof text);
    close(file);
    return size <= 0 || std::string_view(text, static_cast<std::size_t>(size)).find("\nTracerPid:\t0\n") ==
                            std::string_view::npos;
}

}  // namespace

extern "C" {

const char* __asan_default_options() {
    return "abort_on_error=1:detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_"
           "order=1:"
           "detect_leaks=1";
}
const char* __ubsan_default_options() { return "abort_on_error=1:print_stacktrace=1"; }

// Leaks are found by stopping one's threads as a tracer does, and with /proc: a confined process can do
// neither, and nobody traces a setgid program, or one that is traced already.
int __lsan_is_turned_off() { return prctl(PR_GET_SECCOMP) != 0 || getauxval(AT_SECURE) != 0 || is_traced(); }
}
