#include "queue/manager/fatal.h"

#include <cstdlib>
#include <string>

#include "common/log/events.h"

namespace ekiden::queue {

void stop_at(std::exception_ptr failure) {
    std::string why = "an exception of unknown type";
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& what) {
        why = what.what();
    } catch (...) {  // there is no more to say of it
    }
    log::emit(events::manager_broken, why);
    // The channel to the log may not be emptied any more: stderr hears it too.
    log::set_sink(nullptr);
    log::emit(events::manager_broken, why);
    std::abort();
}

}  // namespace ekiden::queue
