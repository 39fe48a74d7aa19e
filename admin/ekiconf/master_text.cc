// Comments inside an entry that is printed anew stand above it then, for the new entry's lines follow each
// other.
#include "admin/ekiconf/master_text.h"

#include "common/config/expand.h"
#include "common/config/logical_lines.h"
#include "common/config/main_cf_edit.h"
#include "common/text/ascii.h"

namespace ekiden::ekiconf {
namespace {

// One service's physical lines.
struct Lines {
    std::vector<std::string_view> physical;

    std::string comments() const {
        std::string text;
        for (std::string_view line : physical)
            if (config::is_comment_or_empty(line)) text.append(line) += '\n';
        return text;
    }
    std::string as_they_are(std::string_view before_content = "") const {
        std::string text;
        for (std::string_view line : physical) {
            if (!config::is_comment_or_empty(line)) text += before_content;
            text.append(line) += '\n';
        }
        return text;
    }
};

class Editor {
  public:
    Editor(const std::string& path, MasterEdit edit, std::vector<MasterRequest> requests, Output& output)
        : path_(path), edit_(edit), requests_(std::move(requests)), output_(output) {}

    Result<std::string> run(std::string_view content) {
        std::vector<std::string_view> physical = config::physical_lines(content);
        std::size_t at = 0;
        std::string text;
        auto copy_until = [&](std::size_t end) {
            while (at < end) text.append(physical[at++]) += '\n';
        };
        for (const config::LogicalLine& line : config::logical_lines(content)) {
            copy_until(static_cast<std::size_t>(line.first - 1));
            Lines lines;
            while (at < static_cast<std::size_t>(line.last)) lines.physical.push_back(physical[at++]);
            Result<std::string> edited = service(line, lines);
            if (!edited) return edited;
            text += *edited;
        }
        copy_until(physical.size());
        for (MasterRequest& request : requests_) finish(request, text);
        return text;
    }

  private:
    Result<std::string> service(const config::LogicalLine& line, const Lines& lines) {
        if (text::is_space(line.text.front())) return lines.as_they_are();
        auto wrong = [&](const std::string& what) {
            return malformed("file " + path_ + ": line " + std::to_string(line.first) + ": " + what);
        };
        std::vector<std::string_view> words = config::split_words(line.text);
        if (words.size() < 2) return wrong("specify service name and type on the same line");
        matching_.clear();
        for (MasterRequest& request : requests_)
            if (fits(request, words[0], words[1])) matching_.push_back(&request);
        if (matching_.empty()) return lines.as_they_are();
        for (MasterRequest* request : matching_) ++request->matches;
        switch (edit_) {
            case MasterEdit::remove_entry: return lines.comments();
            case MasterEdit::comment_entry: return lines.as_they_are("#");
            case MasterEdit::set_entry: return new_entry() + lines.comments();
            default: break;
        }
        Result<MasterEntry> entry = parse_entry(line.text, output_);
        if (!entry) return wrong(entry.error().text);
        for (const MasterRequest* request : matching_)
            if (Result<> changed = change(*entry, *request); !changed) return pass(changed);
        return lines.comments() + print_entry(*entry, true, {}) + "\n";
    }

    // A new entry also replaces the one whose name and type it has.
    bool fits(const MasterRequest& request, std::string_view name, std::string_view type) const {
        return request.pattern.fits(name, type) ||
               (request.entry && request.entry->name() == name && request.entry->type() == type);
    }

    // The first match is replaced, further ones go.
    std::string new_entry() const {
        std::string text;
        for (const MasterRequest* request : matching_)
            if (request->matches == 1) text = print_entry(*request->entry, true, {}) + "\n";
        return text;
    }

    Result<> change(MasterEntry& entry, const MasterRequest& request) {
        std::vector<std::string>& words = entry.words;
        if (edit_ == MasterEdit::set_field) {
            if (request.field < command_field) {
                words[request.field] = request.value;
            } else {
                words.resize(command_field);
                for (std::string_view word : config::split_words(request.value)) words.emplace_back(word);
                normalise_arguments(words, output_);
            }
            return check_entry(entry, request.value);
        }
        const std::string& parameter = request.pattern.third;
        auto place = [&](std::size_t i) { return words.begin() + static_cast<std::ptrdiff_t>(i); };
        bool sets = edit_ == MasterEdit::set_parameter;
        std::string setting = parameter + "=" + request.value;
        if (std::size_t option = entry.option_of(parameter); sets && option != 0) {
            words[option + 1] = setting;
        } else if (sets) {
            words.insert(place(entry.end_of_options()), {"-o", setting});
        } else {
            while (std::size_t found = entry.option_of(parameter))
                words.erase(place(found), place(found + 2));
        }
        return {};
    }

    void finish(MasterRequest& request, std::string& text) {
        if (request.matches > 0) return;
        if (edit_ == MasterEdit::set_entry)
            text += print_entry(*request.entry, true, {}) + "\n";
        else if (edit_ != MasterEdit::remove_entry && edit_ != MasterEdit::comment_entry)
            output_.warn("unmatched service_name/type: \"" + request.text + "\"");
    }

    const std::string& path_;
    const MasterEdit edit_;
    std::vector<MasterRequest> requests_;
    std::vector<MasterRequest*> matching_;
    Output& output_;
};

}  // namespace

Result<std::string> edit_master_text(std::string_view content, const std::string& path, MasterEdit edit,
                                     std::vector<MasterRequest> requests, Output& output) {
    return Editor(path, edit, std::move(requests), output).run(content);
}

}  // namespace ekiden::ekiconf
