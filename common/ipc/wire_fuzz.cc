// Every message from hostile bytes: decoding never crashes, and what decodes encodes to the same bytes again.
#include "common/ipc/messages/all.h"

namespace ekiden::ipc {
namespace {

template <class M>
void one(std::string_view bytes) {
    std::vector<OwnedFd> fds;
    Result<M> message = decode<M>(bytes, fds);
    if (!message) return;
    std::string again;
    std::vector<int> numbers;
    encode(*message, again, numbers);
    if (again != bytes) __builtin_trap();
}

template <std::size_t... I>
void nth(std::size_t n, std::string_view bytes, std::index_sequence<I...>) {
    ((n == I ? one<std::tuple_element_t<I, AllMessages>>(bytes) : void()), ...);
}

}  // namespace
}  // namespace ekiden::ipc

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ekiden::ipc;
    if (size == 0) return 0;
    constexpr std::size_t count = std::tuple_size_v<AllMessages>;
    std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    nth(data[0] % count, bytes, std::make_index_sequence<count>());
    if (auto header = decode_header(bytes);
        header && encode_header(*header) != bytes.substr(0, FrameHeader::size))
        __builtin_trap();
    return 0;
}
