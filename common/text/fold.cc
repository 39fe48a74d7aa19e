#include "common/text/fold.h"

#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <limits>

#include "common/text/ascii.h"
#include "common/text/utf8.h"

namespace ekiden::text {

std::string fold_case(std::string_view text) {
    bool ascii = std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    bool too_long = text.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());
    if (ascii || too_long || !is_utf8(text)) return to_lower(text);
    std::string folded;
    icu::StringByteSink<std::string> sink(&folded);
    UErrorCode status = U_ZERO_ERROR;
    icu::CaseMap::utf8Fold(U_FOLD_CASE_DEFAULT,
                           icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())), sink,
                           nullptr, status);
    return U_SUCCESS(status) ? folded : to_lower(text);
}

}  // namespace ekiden::text
