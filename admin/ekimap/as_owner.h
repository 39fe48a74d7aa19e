#pragma once
// Root builds a table as the owner of its source, so that a user who may write the source cannot make root
// write elsewhere (postmap's way). Ends with this object.
#include <sys/types.h>

#include <string>
#include <utility>

#include "common/base/error.h"

namespace ekiden::ekimap {

class AsOwner {
  public:
    AsOwner() = default;
    // Nothing changes where we are not root, or where the owner of `path` is.
    static Result<AsOwner> of(const std::string& path);
    AsOwner(AsOwner&& other) noexcept : changed_(std::exchange(other.changed_, false)) {}
    AsOwner& operator=(AsOwner&&) = delete;
    ~AsOwner();

  private:
    bool changed_ = false;
};

}  // namespace ekiden::ekimap
