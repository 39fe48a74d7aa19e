#include "common/sasl/sealed.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "common/base/owned_fd.h"
#include "common/sasl/digest.h"
#include "common/sasl/random.h"

namespace ekiden::sasl {
namespace {

constexpr std::size_t key_size = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* octets(std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }

Result<Secret> read_key(const std::string& path, int fd) {
    struct stat status{};
    if (fstat(fd, &status) != 0) return system_error("cannot stat " + path, errno);
    if ((status.st_mode & 077) != 0) return denied(path + ": others may read this key; chmod 600 it");
    Secret key(std::string(key_size + 1, '\0'));
    ssize_t size = pread(fd, key.raw().data(), key.raw().size(), 0);
    if (size < 0) return system_error("cannot read " + path, errno);
    if (static_cast<std::size_t>(size) != key_size) return malformed(path + ": a key has 32 octets");
    key.raw().resize(key_size);
    return key;
}

Result<> sync_directory(const std::string& path) {
    std::string directory = std::filesystem::path(path).parent_path().string();
    OwnedFd fd(::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || fsync(fd.get()) != 0) return system_error("cannot sync the directory of " + path, errno);
    return {};
}

// Written under another name and linked into place: a crash leaves no half key, and of two who start at once
// the first wins and both read the same.
Result<> create_key(const std::string& path) {
    std::string temporary_path = path + ".new-" + std::to_string(getpid());
    OwnedFd fd(::open(temporary_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return system_error("cannot make " + temporary_path, errno);
    Secret key(random_octets(key_size));
    bool written = write(fd.get(), key.reveal().data(), key_size) == static_cast<ssize_t>(key_size) &&
                   fsync(fd.get()) == 0 &&
                   (link(temporary_path.c_str(), path.c_str()) == 0 || errno == EEXIST);
    int error = errno;
    unlink(temporary_path.c_str());
    if (!written) return system_error("cannot make " + path, error);
    return sync_directory(path);
}

}  // namespace

Result<SealingKey> SealingKey::load_or_create(const std::string& path) {
    OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd && errno == ENOENT) {
        Result<> created = create_key(path);
        if (!created) return pass(created);
        fd = OwnedFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    }
    if (!fd) return system_error("cannot open " + path, errno);
    Result<Secret> key = read_key(path, fd.get());
    if (!key) return pass(key);
    return SealingKey(std::move(*key));
}

std::string SealingKey::seal(const Secret& secret, std::string_view account) const {
    std::string sealed = random_octets(nonce_size);
    std::string_view clear = secret.reveal();
    sealed.resize(nonce_size + clear.size() + tag_size);
    auto* out = reinterpret_cast<unsigned char*>(sealed.data());
    crypto_aead_xchacha20poly1305_ietf_encrypt(out + nonce_size, nullptr, octets(clear), clear.size(),
                                               octets(account), account.size(), nullptr, out,
                                               octets(key_.reveal()));
    return sealed;
}

Result<Secret> SealingKey::open(std::string_view sealed, std::string_view account) const {
    if (sealed.size() < nonce_size + tag_size) return denied("a sealed secret is too short");
    std::string_view body = sealed.substr(nonce_size);
    Secret clear(std::string(body.size() - tag_size, '\0'));
    auto* out = reinterpret_cast<unsigned char*>(clear.raw().data());
    int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(out, nullptr, nullptr, octets(body), body.size(),
                                                            octets(account), account.size(), octets(sealed),
                                                            octets(key_.reveal()));
    if (opened != 0) return denied("a sealed secret does not open: another key, another account or damage");
    return clear;
}

Secret SealingKey::derive(std::string_view purpose) const {
    return Secret(keyed_digest(purpose, key_, key_size));
}

}  // namespace ekiden::sasl
