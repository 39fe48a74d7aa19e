#include "common/tables/pcre.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace ekiden::tables {
namespace {

constexpr std::uint32_t match_limit = 200'000;  // steps; some milliseconds
constexpr std::uint32_t depth_limit = 2'000;
constexpr std::uint32_t heap_limit = 16 * 1024;  // KiB

struct FreeMatch {
    void operator()(pcre2_match_data_8* data) const { pcre2_match_data_free_8(data); }
};
struct FreeContext {
    void operator()(pcre2_match_context_8* context) const { pcre2_match_context_free_8(context); }
};
using Match = std::unique_ptr<pcre2_match_data_8, FreeMatch>;

pcre2_match_context_8* limits_of_a_match() {
    static const std::unique_ptr<pcre2_match_context_8, FreeContext> context = [] {
        std::unique_ptr<pcre2_match_context_8, FreeContext> made(pcre2_match_context_create_8(nullptr));
        if (!made) throw std::bad_alloc();
        pcre2_set_match_limit_8(made.get(), match_limit);
        pcre2_set_depth_limit_8(made.get(), depth_limit);
        pcre2_set_heap_limit_8(made.get(), heap_limit);
        return made;
    }();
    return context.get();
}

std::string text_of_error(int number) {
    PCRE2_UCHAR8 buffer[200];
    pcre2_get_error_message_8(number, buffer, sizeof buffer);
    return reinterpret_cast<const char*>(buffer);
}

std::uint32_t option_of(char flag) {
    switch (flag) {
        case 'i': return PCRE2_CASELESS;
        case 'm': return PCRE2_MULTILINE;
        case 's': return PCRE2_DOTALL;
        case 'x': return PCRE2_EXTENDED;
        case 'A': return PCRE2_ANCHORED;
        case 'E': return PCRE2_DOLLAR_ENDONLY;
        case 'U': return PCRE2_UNGREEDY;
        default: return 0;
    }
}

// The number of groups that were set, or an error; `match` holds them.
int run(const pcre2_code_8* code, std::string_view key, pcre2_match_data_8* match) {
    return pcre2_match_8(code, reinterpret_cast<PCRE2_SPTR8>(key.data()), key.size(), 0, 0, match,
                         limits_of_a_match());
}

}  // namespace

void PcrePattern::Free::operator()(pcre2_real_code_8* code) const { pcre2_code_free_8(code); }

Result<PcrePattern> PcrePattern::take(std::string_view text, std::string_view& rest) {
    Result<ExpressionText> taken = take_expression(text, rest);
    if (!taken) return pass(taken);
    // \C could leave half a character, and is of no use here.
    std::uint32_t options = PCRE2_CASELESS | PCRE2_DOTALL | PCRE2_NEVER_BACKSLASH_C;
    for (char flag : taken->flags) {
        std::uint32_t option = option_of(flag);
        if (option == 0 && flag != 'X')  // X: unknown escapes are errors, which they always are now
            return malformed("unknown pcre option \"" + std::string(1, flag) + "\"");
        options ^= option;
    }
    int error = 0;
    PCRE2_SIZE offset = 0;
    PcrePattern pattern;
    pattern.negated_ = taken->negated;
    pattern.code_.reset(pcre2_compile_8(reinterpret_cast<PCRE2_SPTR8>(taken->source.data()),
                                        taken->source.size(), options, &error, &offset, nullptr));
    if (!pattern.code_)
        return malformed("error in regex at offset " + std::to_string(offset) + ": " + text_of_error(error));
    return pattern;
}

int PcrePattern::groups() const {
    std::uint32_t count = 0;
    pcre2_pattern_info_8(code_.get(), PCRE2_INFO_CAPTURECOUNT, &count);
    return static_cast<int>(std::min<std::uint32_t>(count, most_groups));
}

Result<bool> PcrePattern::matches(std::string_view key) const {
    Match match(pcre2_match_data_create_8(1, nullptr));
    if (!match) throw std::bad_alloc();
    int count = run(code_.get(), key, match.get());
    if (count < 0 && count != PCRE2_ERROR_NOMATCH)
        return temporary("the expression cannot be matched: " + text_of_error(count));
    return (count >= 0) != negated_;
}

std::vector<std::string> PcrePattern::captures(std::string_view key) const {
    std::vector<std::string> captured;
    Match match(pcre2_match_data_create_from_pattern_8(code_.get(), nullptr));
    if (!match) throw std::bad_alloc();
    if (run(code_.get(), key, match.get()) < 0) return captured;
    const PCRE2_SIZE* places = pcre2_get_ovector_pointer_8(match.get());
    for (int i = 0; i <= groups(); ++i) {
        PCRE2_SIZE begin = places[2 * i], end = places[2 * i + 1];
        // \K can make a match end before its begin.
        captured.emplace_back(begin == PCRE2_UNSET || begin > end ? "" : key.substr(begin, end - begin));
    }
    return captured;
}

}  // namespace ekiden::tables
