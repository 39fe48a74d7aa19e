// Opens what a crash left and looks at it twice: at once, and when all is delivered.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/mailbox/maildir_name.h"
#include "common/sqlite/database.h"
#include "tests/crash/lab/play.h"

namespace ekiden::crash {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
    std::ostringstream octets;
    octets << std::ifstream(path, std::ios::binary).rdbuf();
    return std::move(octets).str();
}

std::string without_cr(std::string text) {
    std::erase(text, '\r');
    return text;
}

std::string noticed_in(std::string_view notice) {
    constexpr std::string_view field = "Original-Envelope-Id: ";
    std::size_t at = notice.find(field);
    if (at == std::string_view::npos) return {};
    notice.remove_prefix(at + field.size());
    return std::string(notice.substr(0, notice.find('\n')));
}

class Recovery {
  public:
    Recovery(const Roots& roots, const Script& script, Ledger& ledger) : roots_(roots), ledger_(ledger) {
        for (const auto* part : {&script.first, &script.second})
            for (const std::vector<Mail>& group : *part)
                for (const Mail& mail : group) sizes_[mail.mark] = sizes_[mail.mark + "b"] = mail.size;
    }

    void run() {
        Result<std::unique_ptr<Stage>> stage = Stage::open(roots_, ledger_, false);
        if (!stage) {
            ledger_.say("bad cannot open the queue: {}", stage.error().text);
            return;
        }
        look_at_database();
        look_at_queue((*stage)->spool());
        read_mail();
        (*stage)->start();
        Result<ipc::QueueIds> next = (*stage)->loop().run((*stage)->intake().reserve({1}, {}));
        if (next)
            ledger_.say("next {}", text::parse_queue_id(next->ids.front())->sequence);
        else
            ledger_.say("bad no id is given: {}", next.error().text);
        (void)(*stage)->change(ipc::QueueVerb::release, "");
        bool drained = (*stage)->drain();
        Stage::Count left = (*stage)->messages();
        if (!drained || left.held != 0)
            ledger_.say("bad {} messages stay in the queue, and {} on hold", left.moving, left.held);
        stage->reset();
        if (!fs::is_empty(roots_.spool + "/content")) ledger_.say("bad content without a message is left");
        look_at_mailboxes();
        ledger_.say("recovered");
    }

  private:
    // Looks at a copy: the queue lets nobody else open its database.
    void look_at_database() {
        for (const char* file : {"/queue.db", "/queue.db-wal"})
            fs::copy_file(roots_.spool + file, roots_.scratch + file, fs::copy_options::overwrite_existing);
        Result<sqlite::Database> database =
            sqlite::Database::open(roots_.scratch + "/queue.db", {.access = sqlite::Access::read_only});
        if (!database) return ledger_.say("bad database: {}", database.error().text);
        Result<sqlite::Statement> check = database->prepare("PRAGMA integrity_check");
        if (!check) return ledger_.say("bad database: {}", check.error().text);
        sqlite::Rows rows = check->query();
        Result<bool> row = rows.next();
        if (!row || !*row || rows.text(0) != "ok")
            ledger_.say("bad database: {}", row ? std::string(rows.text(0)) : row.error().text);
    }

    // Each message in the queue is whole, and there is no content file but theirs.
    void look_at_queue(queue::Spool& spool) {
        Result<std::vector<queue::StoredMessage>> all = spool.list(0, 100'000);
        if (!all) return ledger_.say("bad cannot list the queue: {}", all.error().text);
        std::int64_t files = 0;
        for (const queue::StoredMessage& message : *all) {
            files += message.in_file ? 1 : 0;
            if (message.recipients.empty()) ledger_.say("bad {} has no recipients", print(message.id));
            Result<std::string> content = message.in_file ? Result<std::string>(read_file(file_of(message)))
                                                          : spool.read_content(message.id.sequence);
            if (!content) {
                ledger_.say("bad {} has no content: {}", print(message.id), content.error().text);
                continue;
            }
            if (message.kind == queue::Kind::notice) continue;
            std::string mark = message.envelope.message_id;
            auto it = sizes_.find(mark);
            if (it == sizes_.end() || *content != content_of(mark, it->second))
                ledger_.say("bad content of {} in the queue is torn", mark);
            ledger_.say("queued {} {}", mark, message.hold ? "hold" : "ready");
        }
        auto found =
            std::distance(fs::directory_iterator(roots_.spool + "/content"), fs::directory_iterator());
        if (found != files) ledger_.say("bad {} content files of {} messages", found, files);
        ledger_.say("looked");
    }
    std::string file_of(const queue::StoredMessage& message) const {
        return roots_.spool + "/content/" + print(message.id);
    }

    // As a mail reader does: every other message moves to cur/, where a second attempt has to find it.
    void read_mail() {
        bool seen = false;
        for (const fs::directory_entry& mailbox : mailboxes()) {
            if (!fs::exists(mailbox.path() / "new") || !fs::exists(mailbox.path() / "cur")) continue;
            std::vector<fs::path> fresh;
            for (const auto& file : fs::directory_iterator(mailbox.path() / "new"))
                fresh.push_back(file.path());
            for (const fs::path& file : fresh)
                if ((seen = !seen))
                    fs::rename(file, mailbox.path() / "cur" / (file.filename().string() + ":2,S"));
        }
    }

    std::vector<fs::directory_entry> mailboxes() const {
        fs::path domain = roots_.mail + "/example.jp";
        if (!fs::exists(domain)) return {};
        return {fs::directory_iterator(domain), fs::directory_iterator()};
    }

    void look_at_mailboxes() {
        for (const fs::directory_entry& mailbox : mailboxes()) {
            std::string name = mailbox.path().filename();
            if (mailbox.is_regular_file()) {
                if (has_mbox(name)) look_at_mbox(name, read_file(mailbox.path()));
                continue;
            }
            for (const char* sub : {"new", "cur"}) {
                if (!fs::exists(mailbox.path() / sub)) continue;
                for (const auto& file : fs::directory_iterator(mailbox.path() / sub))
                    look_at_copy(name, file.path());
            }
        }
    }

    // What is torn may stay behind a message, even without a "From " line of its own; it must not have taken
    // one with it, which is then missing.
    void look_at_mbox(const std::string& name, const std::string& text) {
        std::size_t begin = text.starts_with("From ") ? 0 : next_in(text, 0);
        for (std::size_t end; begin < text.size(); begin = end) {
            end = next_in(text, begin);
            std::string_view entry = std::string_view(text).substr(begin, end - begin);
            entry.remove_prefix(std::min(entry.size(), entry.find('\n') + 1));
            std::string mark = mark_in(entry);
            auto it = sizes_.find(mark);
            if (it != sizes_.end() && entry.starts_with("Return-Path: <sender@example.jp>\n") &&
                entry.contains(without_cr(content_of(mark, it->second)) + "\n"))
                ledger_.say("copy {} {} local", mark, name);
        }
    }
    // Where the next entry of an mbox begins.
    static std::size_t next_in(std::string_view text, std::size_t from) {
        std::size_t at = text.find("\n\nFrom ", from);
        return at == std::string_view::npos ? text.size() : at + 2;
    }

    void look_at_copy(const std::string& name, const fs::path& path) {
        std::string text = read_file(path);
        // A notice may have to go without the message that it is about.
        std::string mark = name == "sender" ? noticed_in(text) : mark_in(text);
        if (mark.empty())
            return ledger_.say("bad a file of {} octets in the mailbox of {} is not ours", text.size(), name);
        std::string file_name = path.filename();
        bool whole = mailbox::parse_name(file_name).size == text.size();
        if (name == "sender") {
            whole = whole && text.ends_with("--\n");
            for (const char* refused : {"bounce", "unknown"})
                if (text.find("Final-Recipient: rfc822; " + address_of(refused)) != std::string::npos)
                    ledger_.say("copy {} {} bounced", mark, refused);
        } else {
            auto it = sizes_.find(mark);
            whole = whole && it != sizes_.end() && text.starts_with("Return-Path: <sender@example.jp>\n") &&
                    text.ends_with(without_cr(content_of(mark, it->second)));
            ledger_.say("copy {} {} local", mark, name);
        }
        if (!whole) ledger_.say("bad copy of {} in the mailbox of {} is torn", mark, name);
    }

    const Roots& roots_;
    Ledger& ledger_;
    std::map<std::string, std::size_t> sizes_;
};

}  // namespace

void recover(const Roots& roots, const Script& script, Ledger& ledger) {
    Recovery(roots, script, ledger).run();
}

}  // namespace ekiden::crash
