#include "tests/crash/lab/workshop.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace ekiden::crash {
namespace {

namespace fs = std::filesystem;
constexpr unsigned patience = 60;  // seconds for one recovery

// In memory where there is a file system in memory; whoever may end this process early says where, and cleans
// up.
std::string scratch() {
    const char* given = std::getenv("EKIDEN_SCRATCH");
    std::string base = fs::exists("/dev/shm") ? "/dev/shm" : fs::temp_directory_path().string();
    std::string pattern = (given == nullptr ? base : std::string(given)) + "/ekiden-crash-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
    return pattern;
}

}  // namespace

Workshop::Workshop(const Script& script)
    : script_(script),
      base_(scratch()),
      root_(base_ + "/disk"),
      roots_{root_ + "/spool", root_ + "/mail", base_ + "/scratch"} {
    ledger_ = OwnedFd(::open((base_ + "/ledger").c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!ledger_) throw std::runtime_error("cannot make the ledger");
    clear();
}

Workshop::~Workshop() {
    std::error_code ignored;
    fs::remove_all(base_, ignored);
}

void Workshop::clear() {
    fs::remove_all(root_);
    fs::create_directories(roots_.spool);
    fs::create_directories(roots_.mail);
    fs::create_directories(roots_.scratch);
    if (::ftruncate(ledger_.get(), 0) != 0) throw std::runtime_error("cannot empty the ledger");
}

void Workshop::fill(const Image& image) {
    clear();
    for (const auto& [path, content] : image) {
        std::string whole = root_ + "/" + path;
        if (path.ends_with('/')) {
            fs::create_directories(whole);
            continue;
        }
        OwnedFd file(::open(whole.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        if (!file ||
            ::write(file.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size()))
            throw std::runtime_error("cannot write " + whole);
    }
}

void Workshop::play_here() const {
    Ledger ledger(ledger_.get());
    play(roots_, script_, ledger);
}

void Workshop::recover_here() const {
    Ledger ledger(ledger_.get());
    recover(roots_, script_, ledger);
}

void Workshop::recover_apart() {
    pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("cannot fork");
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::alarm(patience);
        recover_here();
        ::_exit(0);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status)) note(fmt::format("bad the recovery died of signal {}", WTERMSIG(status)));
}

void Workshop::print(std::size_t number, const std::string& what) {
    std::ifstream ledger(base_ + "/ledger", std::ios::binary);
    std::string lines{std::istreambuf_iterator<char>(ledger), {}};
    fmt::print("state {} {}\n{}end\n", number, what, lines);
    std::fflush(stdout);
}

}  // namespace ekiden::crash
