#include <cstdint>
#include <cstdlib>

#include "common/smtp/dot_reader.h"
#include "common/smtp/dot_reader_model.h"

// The first octet says how the rest is cut; reader and model must agree.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden;
    if (size == 0) return 0;
    std::size_t step = data[0] % 17u + 1;
    std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    std::string content;
    std::size_t used = 0;
    smtp::DotReader reader;
    while (used < input.size() && !reader.done()) used += reader.consume(input.substr(used, step), content);
    std::optional<smtp::ModelContent> model = smtp::model_of_content(input);
    if (reader.done() != model.has_value()) std::abort();
    if (model && (model->content != content || model->used != used)) std::abort();
    if (reader.facts().size != content.size()) std::abort();
    return 0;
}
