#include "common/dns/question.h"

namespace ekiden::dns {

std::string_view type_name(Type type) {
    switch (type) {
        case Type::a: return "A";
        case Type::ns: return "NS";
        case Type::cname: return "CNAME";
        case Type::ptr: return "PTR";
        case Type::mx: return "MX";
        case Type::txt: return "TXT";
        case Type::aaaa: return "AAAA";
        case Type::tlsa: return "TLSA";
    }
    return "?";
}

std::optional<Type> type_from_number(std::uint16_t number) {
    switch (number) {
        case 1:
        case 2:
        case 5:
        case 12:
        case 15:
        case 16:
        case 28:
        case 52: return static_cast<Type>(number);
        default: return std::nullopt;
    }
}

}  // namespace ekiden::dns
