// tls: postfix tls's subcommands as far as there is something here that they mean. Keys are made by the TLS
// library; main.cf is edited by the code that ekiconf edits with. There is one certificate a service here,
// whatever its algorithm.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <map>
#include <optional>

#include "admin/ekiden/commands.h"
#include "common/base/owned_fd.h"
#include "common/config/check.h"
#include "common/config/file_edit.h"
#include "common/config/main_cf.h"
#include "common/config/main_cf_edit.h"
#include "common/dns/name.h"
#include "common/net/server_key.h"
#include "common/net/tls.h"
#include "common/process/admin_tool.h"
#include "common/text/ascii.h"

namespace ekiden::admin {
namespace {

using net::KeyAlgorithm;

constexpr const char* tls_usage =
    "usage: ekiden [-c config_dir] tls subcommand\n"
    "  all-default-client, all-default-server   status 0: no parameter of TLS is set in main.cf\n"
    "  enable-client                            TLS towards servers that offer it\n"
    "  enable-server [-a rsa|ecdsa] [-b bits] [hostname ...]\n"
    "                                           a new key and certificate, in use after a reload\n"
    "  new-server-key [-a rsa|ecdsa] [-b bits] [hostname ...]\n"
    "  new-server-cert [-a rsa|ecdsa] [-b bits] [hostname ...]  for the key in use\n"
    "  deploy-server-cert certfile keyfile\n"
    "  output-server-csr [-k keyfile|rsa|ecdsa] [hostname ...]\n"
    "  output-server-tlsa [-h hostname] [keyfile|rsa|ecdsa ...]\n";

struct Failure {
    int status;
    std::string text;
};

struct Options {
    std::map<char, std::string> values;
    std::vector<std::string> words;
};

// A new key or the one in use, with a certificate for it, in files of config_directory.
struct MadeFiles {
    std::string key, certificate;
};

class Tls {
  public:
    Tls(std::string directory, process::ToolCall call)
        : directory_(std::move(directory)), settings_(std::move(call.settings)) {}

    // Throws Failure.
    void run(const std::string& command, const std::vector<std::string>& words) {
        static const std::map<std::string_view, std::pair<std::string_view, void (Tls::*)(const Options&)>>
            commands = {{"all-default-client", {"", &Tls::all_default_client}},
                        {"all-default-server", {"", &Tls::all_default_server}},
                        {"enable-client", {"r", &Tls::enable_client}},
                        {"enable-server", {"rab", &Tls::enable_server}},
                        {"new-server-key", {"ab", &Tls::new_server_key}},
                        {"new-server-cert", {"ab", &Tls::new_server_certificate}},
                        {"deploy-server-cert", {"", &Tls::deploy}},
                        {"output-server-csr", {"k", &Tls::output_request}},
                        {"output-server-tlsa", {"h", &Tls::output_tlsa}}};
        auto found = commands.find(command);
        if (found == commands.end()) throw Failure{EX_USAGE, ""};
        Options options = parse(words, found->second.first);
        if (options.values.contains('r'))
            throw Failure{EX_USAGE, "-r: there is no tls_random_source here, randomness is the kernel's"};
        (this->*found->second.second)(options);
    }

  private:
    static Options parse(const std::vector<std::string>& words, std::string_view letters) {
        Options options;
        std::size_t at = 0;
        for (; at < words.size() && words[at].size() > 1 && words[at][0] == '-'; ++at) {
            char letter = words[at][1];
            if (!letters.contains(letter)) throw Failure{EX_USAGE, ""};
            std::string value = words[at].substr(2);
            if (value.empty() && at + 1 == words.size()) throw Failure{EX_USAGE, ""};
            options.values[letter] = value.empty() ? words[++at] : value;
        }
        options.words.assign(words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
        return options;
    }

    template <class T>
    static T must(Result<T> result, int status, const std::string& what = "") {
        if (!result)
            throw Failure{status, what.empty() ? result.error().text : what + ": " + result.error().text};
        return std::move(*result);
    }

    static void take_no_words(const Options& options) {
        if (!options.words.empty()) throw Failure{EX_USAGE, ""};
    }

    // --- what is set ---
    std::vector<std::string> set_in_main_cf(std::string_view prefix) const {
        std::string path = directory_ + "/main.cf";
        std::string text = must(config::read_file(path), EX_CONFIG);
        std::vector<config::Finding> ignored;
        std::vector<std::string> names;
        config::MainCf file = config::MainCf::parse(text, path, ignored);
        for (const config::MainCfEntry& entry : file.entries())
            if (entry.name.starts_with(prefix)) names.push_back(entry.name);
        return names;
    }

    void all_default(std::string_view prefix, const Options& options) {
        take_no_words(options);
        if (!set_in_main_cf(prefix).empty()) throw Failure{1, ""};
    }
    void all_default_client(const Options& options) { all_default("smtp_tls_", options); }
    void all_default_server(const Options& options) { all_default("smtpd_tls_", options); }

    void say_what_is_set(const std::vector<std::string>& names, const std::string& suggestion) const {
        std::string all;
        for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
        fmt::print("Nothing was changed, for main.cf sets {}.\n{}", all, suggestion);
    }

    void enable_client(const Options& options) {
        take_no_words(options);
        std::vector<std::string> names = set_in_main_cf("smtp_tls_");
        const std::string& level = settings_[param::smtp_tls_security_level];
        if (names.empty() || (level != "none" && !level.empty()))
            fmt::print("TLS towards servers is in use: smtp_tls_security_level = {}\n", level);
        else
            say_what_is_set(
                names,
                fmt::format("To switch TLS on: ekiconf -c {} -e smtp_tls_security_level=may\n", directory_));
    }

    void enable_server(const Options& options) {
        std::vector<std::string> names = set_in_main_cf("smtpd_tls_");
        if (!names.empty())
            return say_what_is_set(
                names,
                fmt::format("For a key and a certificate: ekiden -c {} tls new-server-key\n", directory_));
        MadeFiles made = make_files(options, std::nullopt);
        put_into_use(made.certificate, made.key);
    }

    // --- keys and certificates ---
    std::vector<std::string> hosts_of(const std::vector<std::string>& words) const {
        std::vector<std::string> hosts = words;
        if (hosts.empty()) hosts.push_back(settings_[param::myhostname]);
        for (const std::string& host : hosts)
            if (!dns::is_host_name(host) || host.size() > 253)
                throw Failure{EX_DATAERR, "\"" + text::printable(host, 60) + "\" is no host name"};
        return hosts;
    }

    static KeyAlgorithm algorithm_in(const Options& options) {
        auto chosen = options.values.find('a');
        if (chosen == options.values.end() || chosen->second == "rsa") return KeyAlgorithm::rsa;
        if (chosen->second == "ecdsa") return KeyAlgorithm::ecdsa;
        throw Failure{EX_USAGE, "-a " + text::printable(chosen->second, 40) + ": rsa or ecdsa"};
    }

    // New, and on disk before it is spoken of.
    static void write_file(const std::string& path, std::string_view content, mode_t mode) {
        OwnedFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
        bool done = file && fchmod(file.get(), mode) == 0;
        while (done && !content.empty()) {
            ssize_t written = write(file.get(), content.data(), content.size());
            if (written < 0 && errno == EINTR) continue;
            done = written > 0;
            if (done) content.remove_prefix(static_cast<std::size_t>(written));
        }
        done = done && fsync(file.get()) == 0;
        if (!done) throw Failure{EX_CANTCREAT, system_error("cannot make " + path, errno).error().text};
    }

    // `key`: the one in use, else a new one.
    MadeFiles make_files(const Options& options, const std::optional<Secret>& key) const {
        std::vector<std::string> hosts = hosts_of(options.words);
        auto bits = options.values.find('b');
        KeyAlgorithm algorithm = algorithm_in(options);
        Secret secret = key ? *key
                            : must(net::make_key(algorithm, bits == options.values.end() ? "" : bits->second),
                                   EX_USAGE, "-b");
        std::string certificate = must(net::self_signed(secret, hosts), EX_SOFTWARE);
        std::string kind = must(net::algorithm_of(secret), EX_DATAERR) == KeyAlgorithm::ecdsa ? "ec" : "";
        std::time_t now = std::time(nullptr);
        std::tm parts{};
        gmtime_r(&now, &parts);
        std::array<char, 32> stamp{};
        std::strftime(stamp.data(), stamp.size(), "%Y%m%d-%H%M%S", &parts);
        MadeFiles made{fmt::format("{}/{}key-{}.pem", directory_, kind, stamp.data()),
                       fmt::format("{}/{}cert-{}.pem", directory_, kind, stamp.data())};
        write_file(made.key, secret.reveal(), 0600);
        write_file(made.certificate, certificate, 0644);
        fmt::print("New private key: {}\nSelf-signed certificate for it: {}\n", made.key, made.certificate);
        return made;
    }

    void tell_next_steps(const MadeFiles& made) const {
        fmt::print(
            "To use them: ekiden -c {0} tls deploy-server-cert {1} {2}\n"
            "For a certificate signed by others: ekiden -c {0} tls output-server-csr -k {2}\n"
            "For DNS, before they are used: ekiden -c {0} tls output-server-tlsa {2}\n",
            directory_, made.certificate, made.key);
    }

    void new_server_key(const Options& options) { tell_next_steps(make_files(options, std::nullopt)); }

    void new_server_certificate(const Options& options) {
        std::optional<Secret> in_use;
        const std::string& path = settings_[param::smtpd_tls_key_file];
        if (!path.empty()) {
            Secret key = read_key(path);
            if (must(net::algorithm_of(key), EX_DATAERR, path) == algorithm_in(options))
                in_use = std::move(key);
        }
        tell_next_steps(make_files(options, in_use));
    }

    std::string path_of(const std::string& name) const {
        return name.starts_with('/') ? name : directory_ + "/" + name;
    }
    static Secret read_key(const std::string& path) {
        return Secret(must(config::read_file(path), EX_NOINPUT));
    }

    void deploy(const Options& options) {
        if (options.words.size() != 2) throw Failure{EX_USAGE, ""};
        put_into_use(path_of(options.words[0]), path_of(options.words[1]));
    }

    void put_into_use(const std::string& certificate, const std::string& key) {
        if (!settings_[param::smtpd_tls_chain_files].empty())
            throw Failure{EX_CONFIG,
                          fmt::format("smtpd_tls_chain_files is set and would win: ekiconf -c {} -X "
                                      "smtpd_tls_chain_files removes it",
                                      directory_)};
        std::string chain = must(config::read_file(certificate), EX_NOINPUT);
        (void)must(net::TlsContext::server(chain, read_key(key), "smtpd"), EX_DATAERR,
                   certificate + " and " + key);
        config::FileEdit file = must(config::FileEdit::open(directory_ + "/main.cf"), EX_CONFIG);
        std::map<std::string, std::string> changes{{"smtpd_tls_cert_file", certificate},
                                                   {"smtpd_tls_key_file", key}};
        std::string content = edit_main_cf(file.content(), config::EditKind::set, changes).content;
        if (Result<> replaced = file.replace(content); !replaced)
            throw Failure{EX_CANTCREAT, replaced.error().text};
        fmt::print("smtpd_tls_cert_file = {}\nsmtpd_tls_key_file = {}\n", certificate, key);
        const std::string& level = settings_[param::smtpd_tls_security_level];
        if (level == "none" || level.empty())
            fmt::print("TLS is switched off still: ekiconf -c {} -e smtpd_tls_security_level=may\n",
                       directory_);
        fmt::print("ekiden -c {} reload takes them into use.\n", directory_);
    }

    // A file, or for the name of an algorithm the key in use if it is of that; nothing: it is not.
    std::optional<std::string> key_file(const std::string& word) const {
        if (word != "rsa" && word != "ecdsa") return path_of(word);
        const std::string& path = settings_[param::smtpd_tls_key_file];
        if (path.empty() || path == "none") return std::nullopt;
        KeyAlgorithm wanted = word == "rsa" ? KeyAlgorithm::rsa : KeyAlgorithm::ecdsa;
        if (must(net::algorithm_of(read_key(path)), EX_DATAERR, path) != wanted) return std::nullopt;
        return path;
    }

    void output_request(const Options& options) {
        auto chosen = options.values.find('k');
        std::string word = chosen == options.values.end() ? "rsa" : chosen->second;
        std::optional<std::string> path = key_file(word);
        if (!path)
            throw Failure{EX_NOINPUT, "smtpd_tls_key_file names no key of " + word + ": -k names another"};
        Secret key = read_key(*path);
        fmt::print("{}", must(net::signing_request(key, hosts_of(options.words)), EX_DATAERR, *path));
    }

    void output_tlsa(const Options& options) {
        auto chosen = options.values.find('h');
        std::vector<std::string> given;
        if (chosen != options.values.end()) given = {chosen->second};
        std::string host = hosts_of(given).front();
        std::vector<std::string> words = options.words;
        if (words.empty()) words = {"rsa", "ecdsa"};
        std::string records;
        for (const std::string& word : words) {
            std::optional<std::string> path = key_file(word);
            if (!path) continue;
            std::string digest = must(net::public_key_digest(read_key(*path)), EX_DATAERR, *path);
            records += fmt::format("; {}\n_25._tcp.{}. IN TLSA 3 1 1 {}\n", *path, host, digest);
        }
        if (records.empty()) throw Failure{EX_NOINPUT, "smtpd_tls_key_file names no key: name a file"};
        fmt::print("{}", records);
    }

    const std::string directory_;
    const Settings settings_;
};

}  // namespace

int tls(const std::string& directory, const std::vector<std::string>& words) {
    try {
        if (words.empty()) throw Failure{EX_USAGE, ""};
        Result<process::ToolCall> call = process::tool_call({"-c", directory}, nullptr);
        if (!call) throw Failure{EX_CONFIG, call.error().text};
        Tls(directory, std::move(*call)).run(words[0], {words.begin() + 1, words.end()});
    } catch (const Failure& failure) {
        if (!failure.text.empty())
            fmt::print(stderr, "ekiden: fatal: {}\n", failure.text);
        else if (failure.status == EX_USAGE)
            fmt::print(stderr, "{}", tls_usage);
        return failure.status;
    }
    return std::fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

}  // namespace ekiden::admin
