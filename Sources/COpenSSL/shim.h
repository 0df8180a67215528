/* The part of OpenSSL 3 that the gateway uses. Swift cannot call function-like macros, so each one that is
   needed has a `static inline` face here, named copenssl_<what the macro does>. */
#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <time.h>

/* Settings of an SSL_CTX. */

static inline int copenssl_set_protocol_range(SSL_CTX *context, int minimum, int maximum) {
    return SSL_CTX_set_min_proto_version(context, minimum) == 1
        && SSL_CTX_set_max_proto_version(context, maximum) == 1;
}

/* Everything a server of short requests and long answers switches on or off, beside versions and ciphers. */
static inline void copenssl_set_server_options(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_clear_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
        | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_max_early_data(context, 0);
    /* A ticket costs about a twentieth of a handshake, and every resumed connection brings a new one. */
    SSL_CTX_set_num_tickets(context, 1);
}

/* The same for a client, which verifies the server. */
static inline void copenssl_set_client_options(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
        | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    /* A certificate that is trusted ends the chain wherever it stands in it. */
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
}

/* Says in the ClientHello which host is meant (RFC 6066 section 3). */
static inline int copenssl_set_server_name(SSL *connection, const char *name) {
    return SSL_set_tlsext_host_name(connection, name) == 1;
}

static inline int copenssl_set_groups(SSL_CTX *context, const char *list) {
    return SSL_CTX_set1_groups_list(context, list) == 1;
}

static inline int copenssl_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
    return SSL_CTX_add1_chain_cert(context, certificate) == 1;
}

static inline void copenssl_set_server_name_callback(
    SSL_CTX *context, int (*callback)(SSL *, int *, void *), void *argument) {
    SSL_CTX_set_tlsext_servername_callback(context, callback);
    SSL_CTX_set_tlsext_servername_arg(context, argument);
}

/* Session ticket keys; with a null pointer both return the length of the keys in bytes. */

static inline long copenssl_get_ticket_keys(SSL_CTX *context, unsigned char *keys, long length) {
    return SSL_CTX_get_tlsext_ticket_keys(context, keys, length);
}

static inline long copenssl_set_ticket_keys(SSL_CTX *context, const unsigned char *keys, long length) {
    return SSL_CTX_set_tlsext_ticket_keys(context, (void *)keys, length);
}

/* What a BIO method of our own needs. */

static inline void copenssl_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }

static inline void copenssl_clear_retry_flags(BIO *bio) { BIO_clear_retry_flags(bio); }

/* Times; here because `struct tm` belongs to no module that Swift could import everywhere. */

static inline int copenssl_unix_seconds(const ASN1_TIME *time, int64_t *seconds) {
    struct tm parts;
    if (time == NULL || ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    *seconds = (int64_t)timegm(&parts);
    return 1;
}

/* Writes the day in UTC as YYYY-MM-DD; returns 0 when it does not fit into `capacity` bytes. */
static inline int copenssl_write_date(int64_t seconds, char *text, size_t capacity) {
    const time_t time = (time_t)seconds;
    struct tm parts;
    return gmtime_r(&time, &parts) != NULL && strftime(text, capacity, "%Y-%m-%d", &parts) != 0;
}

/* The subject alternative names of a certificate. */

static inline GENERAL_NAMES *copenssl_subject_alternative_names(const X509 *certificate) {
    return (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}

static inline int copenssl_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

/* The bytes of the name at `index` when it is of `type` (GEN_DNS or GEN_IPADD), else NULL. */
static inline const unsigned char *copenssl_name_bytes(
    const GENERAL_NAMES *names, int index, int type, int *length) {
    int actual = 0;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, index), &actual);
    if (value == NULL || actual != type) return NULL;
    *length = ASN1_STRING_length(value);
    return ASN1_STRING_get0_data(value);
}

#endif
