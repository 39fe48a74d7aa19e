#pragma once
// Master and its children, over the control channel (descriptor 3 of each child), and `ekiden` with master.
#include "common/ipc/senders.h"

namespace ekiden::ipc {

struct Done {  // the reply that says no more than "it is done"
    static constexpr std::string_view name = "done";
    template <class M, class V>
    static void visit(M&, V&&) {}
};

struct NamedValue {  // one `-o name=value` of master.cf, or one counter of a status
    std::string key;
    std::string value;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("key", m.key), f("value", m.value);
    }
};

// master → child, first of all: who you are, what you were given.
struct Begin {
    static constexpr std::string_view name = "begin";
    Service service;
    std::uint32_t worker;      // number among the workers of the service, from 0
    std::uint64_t generation;  // of the configuration
    bool as_root;              // the child starts as root and drops to its row's user
    std::string log_name;      // "ekiden/submission/smtpd": the program in log lines
    std::vector<NamedValue> overrides;
    OwnedFd snapshot;                    // sealed memfd, config/snapshot.h
    std::vector<std::string> addresses;  // one for each listener: "127.0.0.1:25", "unix:public/queue"
    std::vector<OwnedFd> listeners;      // bound and listening
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("service", m.service), f("worker", m.worker), f("generation", m.generation),
            f("as_root", m.as_root);
        f("log_name", m.log_name), f("overrides", m.overrides), f("snapshot", m.snapshot);
        f("addresses", m.addresses), f("listeners", m.listeners);
    }
};

// master → child: your end of a fresh channel to that worker. An older one to the same worker is dead. One
// that drains already asks over it and is asked nothing, as after `peer_draining`.
struct PeerEnd {
    static constexpr std::string_view name = "peer_end";
    Service service;
    std::uint32_t worker;
    std::uint64_t incarnation;  // grows with each start of that worker
    std::int32_t pid;
    std::string log_name;
    bool draining;
    OwnedFd channel;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("service", m.service), f("worker", m.worker), f("incarnation", m.incarnation), f("pid", m.pid);
        f("log_name", m.log_name), f("draining", m.draining), f("channel", m.channel);
    }
};

// child → master: the channel to that worker closed. If both live on, master makes a fresh one.
struct PeerLost {
    static constexpr std::string_view name = "peer_lost";
    Service service;
    std::uint32_t worker;
    std::uint64_t incarnation;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("service", m.service), f("worker", m.worker), f("incarnation", m.incarnation);
    }
};

// master → child: that worker finishes what it has. It gets no new work and is told so (a frame `last`), but
// what it still says is heard and what it was asked is answered, until it closes the channel.
struct PeerDraining {
    static constexpr std::string_view name = "peer_draining";
    Service service;
    std::uint32_t worker;
    std::uint64_t incarnation;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("service", m.service), f("worker", m.worker), f("incarnation", m.incarnation);
    }
};

// child → master: confined and serving.
struct Ready {
    static constexpr std::string_view name = "ready";
    template <class M, class V>
    static void visit(M&, V&&) {}
};

// child → master: cannot begin; the text goes to the log and to `ekiden start`.
struct StartFailed {
    static constexpr std::string_view name = "start_failed";
    std::string why;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("why", m.why);
    }
};

// master → a child that speaks TLS: certificate chain and key, PEM; again when the files change.
struct TlsIdentity {
    static constexpr std::string_view name = "tls_identity";
    std::string certificates;
    Secret key;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("certificates", m.certificates), f("key", m.key);
    }
};

// master → child: the next configuration, for those that take it in place.
struct NewSnapshot {
    static constexpr std::string_view name = "new_snapshot";
    std::uint64_t generation;
    std::vector<NamedValue> overrides;
    OwnedFd snapshot;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("generation", m.generation), f("overrides", m.overrides), f("snapshot", m.snapshot);
    }
};

// master → child: accept no more, finish what is under way within so many seconds, then exit.
struct Drain {
    static constexpr std::string_view name = "drain";
    std::uint32_t seconds;
    bool others_told;  // with `peer_draining`: each will say when nothing more comes from it
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("seconds", m.seconds), f("others_told", m.others_told);
    }
};

struct Counters {
    static constexpr std::string_view name = "counters";
    std::vector<NamedValue> values;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("values", m.values);
    }
};

// master → child: are you alive, and what do you count? A child that does not answer is hung and is replaced.
struct Ping {
    static constexpr std::string_view name = "ping";
    using Reply = Counters;
    template <class M, class V>
    static void visit(M&, V&&) {}
};

struct ProcessStatus {
    std::string service;  // the master.cf name
    std::string program;
    std::uint32_t worker;
    std::int32_t pid;
    std::string user;
    std::int64_t started;  // UTC seconds
    std::uint64_t restarts;
    bool ready;
    std::vector<NamedValue> counters;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("service", m.service), f("program", m.program), f("worker", m.worker), f("pid", m.pid),
            f("user", m.user);
        f("started", m.started), f("restarts", m.restarts), f("ready", m.ready), f("counters", m.counters);
    }
};

struct SuiteStatus {
    static constexpr std::string_view name = "suite_status";
    std::int32_t master_pid;
    std::int64_t started;
    std::uint64_t generation;
    std::vector<ProcessStatus> processes;
    template <class M, class V>
    static void visit(M& m, V&& f) {
        f("master_pid", m.master_pid), f("started", m.started), f("generation", m.generation);
        f("processes", m.processes);
    }
};

// ekiden → master
struct QueryStatus {
    static constexpr std::string_view name = "query_status";
    using Reply = SuiteStatus;
    template <class M, class V>
    static void visit(M&, V&&) {}
};

// ekiden → master: read the configuration again; an error says file, line and remedy, and the old one stays.
struct Reload {
    static constexpr std::string_view name = "reload";
    using Reply = Done;
    template <class M, class V>
    static void visit(M&, V&&) {}
};

}  // namespace ekiden::ipc
