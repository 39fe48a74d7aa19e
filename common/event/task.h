#pragma once
// A coroutine that somebody awaits. It starts when it is awaited, ends before its awaiter goes on, and is
// destroyed with the Task that owns it: destroying a suspended task unwinds it, and what it waits for is
// forgotten.
//
// The callee is started inside await_suspend and the awaiter goes on at once when it has already finished: a
// loop of awaits that never wait does not grow the stack, in debug and sanitizer builds too. Tasks that
// nobody awaits belong to a Gate (gate.h).
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace ekiden::event {

template <class T>
class Task;

namespace detail {

struct PromiseBase {
    std::coroutine_handle<> awaiter;
    std::exception_ptr failure;

    struct Final {
        bool await_ready() noexcept { return false; }
        template <class P>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) noexcept {
            std::coroutine_handle<> next = self.promise().awaiter;
            return next ? next : std::noop_coroutine();
        }
        void await_resume() noexcept {}
    };

    std::suspend_always initial_suspend() noexcept { return {}; }
    Final final_suspend() noexcept { return {}; }
    void unhandled_exception() noexcept { failure = std::current_exception(); }
};

template <class T>
struct Promise : PromiseBase {
    std::optional<T> value;
    Task<T> get_return_object();
    template <class U>
    void return_value(U&& result) {
        value.emplace(std::forward<U>(result));
    }
    T take() {
        if (failure) std::rethrow_exception(failure);
        return std::move(*value);
    }
};

template <>
struct Promise<void> : PromiseBase {
    Task<void> get_return_object();
    void return_void() {}
    void take() {
        if (failure) std::rethrow_exception(failure);
    }
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
  public:
    using promise_type = detail::Promise<T>;
    using Handle = std::coroutine_handle<promise_type>;

    Task() = default;
    explicit Task(Handle handle) : handle_(handle) {}
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            if (handle_) handle_.destroy();
            handle_ = std::exchange(other.handle_, {});
        }
        return *this;
    }
    ~Task() {
        if (handle_) handle_.destroy();
    }

    auto operator co_await() && noexcept {
        struct Awaiter {
            Handle callee;
            bool await_ready() noexcept { return false; }
            bool await_suspend(std::coroutine_handle<> awaiter) {
                callee.resume();
                if (callee.done()) return false;
                callee.promise().awaiter = awaiter;
                return true;
            }
            T await_resume() { return callee.promise().take(); }
        };
        return Awaiter{handle_};
    }
    auto operator co_await() & noexcept { return std::move(*this).operator co_await(); }

    // For Gate and tests: start without an awaiter; `done` tells whether it has finished, `result` takes what
    // it gave.
    void start() { handle_.resume(); }
    bool done() const { return !handle_ || handle_.done(); }
    T result() { return handle_.promise().take(); }
    Handle handle() const { return handle_; }

  private:
    Handle handle_;
};

namespace detail {
template <class T>
Task<T> Promise<T>::get_return_object() {
    return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
    return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}
}  // namespace detail

}  // namespace ekiden::event

namespace ekiden {
template <class T = void>
using Task = event::Task<T>;
}
