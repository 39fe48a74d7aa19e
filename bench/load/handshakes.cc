#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <time.h>

#include "bench/load/connection.h"
#include "bench/load/limits.h"
#include "bench/load/report.h"

namespace ekiden::load {

namespace {

constexpr double measured_seconds = 1.5;

double thread_cpu() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// One handshake between two sessions in memory; the server's part of its CPU time.
double shake_hands(SSL_CTX* client_context, SSL_CTX* server_context) {
    SSL* client = SSL_new(client_context);
    SSL* server = SSL_new(server_context);
    BIO *client_end = nullptr, *server_end = nullptr;
    BIO_new_bio_pair(&client_end, 65536, &server_end, 65536);
    SSL_set_bio(client, client_end, client_end);
    SSL_set_bio(server, server_end, server_end);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    double spent = 0;
    for (int round = 0; round < 10 && !(SSL_is_init_finished(client) && SSL_is_init_finished(server));
         ++round) {
        SSL_do_handshake(client);
        double before = thread_cpu();
        SSL_do_handshake(server);
        spent += thread_cpu() - before;
    }
    bool finished = SSL_is_init_finished(client) && SSL_is_init_finished(server);
    SSL_free(client);
    SSL_free(server);
    if (!finished) give_up("a TLS handshake in memory");
    return spent;
}

}  // namespace

int measure_handshakes(const Options& options) {
    TlsContext client = make_client_context();
    TlsContext server(SSL_CTX_new(TLS_server_method()));
    if (SSL_CTX_use_certificate_file(server.get(), options.certificate.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(server.get(), options.key.c_str(), SSL_FILETYPE_PEM) != 1)
        give_up("certificate or key");
    long count = 0;
    double of_server = 0, begin = thread_cpu();
    while (thread_cpu() - begin < measured_seconds) {
        of_server += shake_hands(client.get(), server.get());
        ++count;
    }
    auto shaken = static_cast<double>(count);
    Report report;
    report.add("server_ms", of_server * 1000 / shaken);
    report.add("server_per_core", shaken / of_server);
    report.add("both_ms", (thread_cpu() - begin) * 1000 / shaken);
    report.print();
    return 0;
}

}  // namespace ekiden::load
