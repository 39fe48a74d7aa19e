#pragma once
// For tests of the queue: a scratch directory that goes with its owner, and messages to put into it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "common/spool/spool.h"

namespace ekiden::queue::test {

class ScratchDirectory {
  public:
    ScratchDirectory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "ekiden-spool-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data()) == nullptr ? std::string() : pattern;
    }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    ~ScratchDirectory() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    const std::string& path() const { return path_; }
    int content_files() const {
        int files = 0;
        for (const auto& entry : std::filesystem::directory_iterator(path_ + "/content"))
            files += entry.is_regular_file();
        return files;
    }

  private:
    std::string path_;
};

inline constexpr std::int64_t noon = 1'795'000'000;  // seconds UTC

inline NewMessage message(Sequence sequence, std::vector<std::string> recipients,
                          std::string content = "Subject: x\r\n\r\nhello\r\n") {
    NewMessage m;
    m.id = {noon * 1'000'000 + sequence, sequence};
    m.envelope.arrived_us = m.id.time_us;
    m.envelope.sender = "sender@example.jp";
    m.envelope.message_id = "<1@example.jp>";
    m.envelope.client = "client.example.jp";
    m.envelope.size = static_cast<std::int64_t>(content.size());
    for (std::string& address : recipients) {
        Recipient r;
        r.number = static_cast<std::int64_t>(m.recipients.size());
        r.address = std::move(address);
        m.recipients.push_back(std::move(r));
    }
    m.content = std::make_shared<const std::string>(std::move(content));
    return m;
}

inline Spool open(const ScratchDirectory& directory, const SpoolOptions& options = {.reserve_bytes = 4096}) {
    Result<Spool> spool = Spool::open(directory.path(), options);
    EXPECT_TRUE(spool) << spool.error().text;
    if (!spool) std::abort();
    return std::move(*spool);
}

// Applies one operation and gives its value.
inline Result<std::int64_t> apply(Spool& spool, Operation operation) {
    return spool.apply(std::span(&operation, 1)).front();
}

}  // namespace ekiden::queue::test
