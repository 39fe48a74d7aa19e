// ekidrop: takes a message in the form of docs/maildrop-format.md on standard input and puts it into
// queue_directory/maildrop, where nobody else may write: it is installed setgid (setgid_group) and therefore
// small, and believes neither its environment, its arguments, its descriptors nor what it reads. What is
// wrong it says in one line on standard output, for sendmail to show; the exit status is sysexits'. With 0
// the message is on disk.
#include <fmt/format.h>
#include <sysexits.h>

#include <cstdio>

#include "sendmail/ekidrop/caller.h"
#include "sendmail/ekidrop/drop_file.h"

namespace {

using namespace ekiden;

int complain(const Error& error) {
    fmt::print("{}\n", error.text);
    std::fflush(stdout);
    switch (error.kind) {
        case ErrorKind::temporary: return EX_TEMPFAIL;
        case ErrorKind::denied: return EX_NOPERM;
        case ErrorKind::malformed: return EX_DATAERR;
        case ErrorKind::not_found: return EX_CONFIG;
        case ErrorKind::permanent: break;
    }
    return EX_UNAVAILABLE;
}

}  // namespace

int main(int argc, char**) {
    Result<> clean = drop::clean_up_process();
    if (!clean) return complain(clean.error());
    if (argc > 1) {
        fmt::print("usage: ekidrop <message (it is sendmail's helper)\n");
        return EX_USAGE;
    }
    Result<Settings> settings = drop::settings_for_caller();
    if (!settings) return complain(settings.error());
    Result<> allowed = drop::check_caller(*settings);
    if (!allowed) return complain(allowed.error());
    Result<drop::DropFile> file = drop::DropFile::create(*settings);
    if (!file) return complain(file.error());
    Result<> copied = file->copy_from(STDIN_FILENO);
    if (copied) copied = file->publish();
    if (!copied) return complain(copied.error());
    return EX_OK;
}
