// SPDX-License-Identifier: Apache-2.0
// The echo service on nothing but nghttp2, OpenSSL and epoll, in one thread: the limit for a server on these libraries.
// It checks nothing that gRPC asks for, and knows no deadline, no limit, no metadata. It cuts the body into messages and
// echoes them one by one, as the others do.
//     bare_server CERTIFICATE KEY
// Prints its port and serves until it is killed.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, RECORD_BYTES = 16 * 1024, CHUNK_BYTES = 64 * 1024, PREFIX_BYTES = 5 };

struct buffer {
    uint8_t *bytes;
    size_t start, end, capacity;
};

struct stream {
    struct buffer in, out;
    bool ended, deferred;
};

struct connection {
    int fd;
    SSL *ssl;
    nghttp2_session *session;
    const uint8_t *input;
    size_t input_bytes;
    struct buffer output;
    bool established, waits_for_socket;
};

static int poller;
static uint8_t *read_memory, *plain_memory, *chunk_memory;

static void append(struct buffer *buffer, const void *bytes, size_t count) {
    if (buffer->start == buffer->end) buffer->start = buffer->end = 0;
    if (buffer->end + count > buffer->capacity) {
        size_t capacity = buffer->capacity ? buffer->capacity : 256;
        while (capacity < buffer->end + count) capacity *= 2;
        buffer->bytes = realloc(buffer->bytes, capacity);
        if (!buffer->bytes) abort();
        buffer->capacity = capacity;
    }
    memcpy(buffer->bytes + buffer->end, bytes, count);
    buffer->end += count;
}

static size_t length(const struct buffer *buffer) { return buffer->end - buffer->start; }

// The BIO between OpenSSL and a connection: reads what recv just brought, writes to the output buffer.

static int bio_read(BIO *bio, char *target, int capacity) {
    struct connection *connection = BIO_get_data(bio);
    size_t count = connection->input_bytes < (size_t)capacity ? connection->input_bytes : (size_t)capacity;
    BIO_clear_retry_flags(bio);
    if (count == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(target, connection->input, count);
    connection->input += count;
    connection->input_bytes -= count;
    return (int)count;
}

static int bio_write(BIO *bio, const char *source, int count) {
    struct connection *connection = BIO_get_data(bio);
    append(&connection->output, source, (size_t)count);
    return count;
}

static long bio_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

// HTTP/2

static const nghttp2_data_provider provider;

#define HEADER(name, value)                                                           \
    {                                                                                 \
        (uint8_t *)name, (uint8_t *)value, sizeof(name) - 1, sizeof(value) - 1,       \
            NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE              \
    }

static const nghttp2_nv response_headers[] = {HEADER(":status", "200"), HEADER("content-type", "application/grpc")};
static const nghttp2_nv trailers[] = {HEADER("grpc-status", "0")};

static ssize_t provide(nghttp2_session *session, int32_t id, uint8_t *target, size_t capacity, uint32_t *flags,
                       nghttp2_data_source *source, void *user) {
    (void)source, (void)user;
    struct stream *stream = nghttp2_session_get_stream_user_data(session, id);
    size_t count = length(&stream->out) < capacity ? length(&stream->out) : capacity;
    memcpy(target, stream->out.bytes + stream->out.start, count);
    stream->out.start += count;
    if (stream->ended && length(&stream->out) == 0) {
        *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
        nghttp2_submit_trailer(session, id, trailers, 1);
    } else if (count == 0) {
        stream->deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    return (ssize_t)count;
}

static const nghttp2_data_provider provider = {{0}, provide};

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    (void)user;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    struct stream *stream = calloc(1, sizeof *stream);
    if (!stream) abort();
    return nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream);
}

static void resume(nghttp2_session *session, int32_t id, struct stream *stream) {
    if (!stream->deferred) return;
    stream->deferred = false;
    nghttp2_session_resume_data(session, id);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    (void)user;
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    struct stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (!stream) return 0;
    if (frame->hd.type == NGHTTP2_HEADERS)
        nghttp2_submit_response(session, frame->hd.stream_id, response_headers, 2, &provider);
    if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
        stream->ended = true;
        resume(session, frame->hd.stream_id, stream);
    }
    return 0;
}

static size_t message_bytes(const uint8_t *bytes) {
    return PREFIX_BYTES + ((size_t)bytes[1] << 24 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 8 | bytes[4]);
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes, size_t count,
                   void *user) {
    (void)flags, (void)user;
    struct stream *stream = nghttp2_session_get_stream_user_data(session, id);
    if (!stream) return 0;
    if (length(&stream->in) > 0) {
        append(&stream->in, bytes, count);
        bytes = stream->in.bytes + stream->in.start;
        count = length(&stream->in);
    }
    size_t taken = 0;
    while (count - taken >= PREFIX_BYTES && count - taken >= message_bytes(bytes + taken)) {
        size_t message = message_bytes(bytes + taken);
        append(&stream->out, bytes + taken, message);
        taken += message;
    }
    if (length(&stream->in) > 0) {
        stream->in.start += taken;
    } else if (taken < count) {
        append(&stream->in, bytes + taken, count - taken);
    }
    if (taken > 0) resume(session, id, stream);
    return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *user) {
    (void)code, (void)user;
    struct stream *stream = nghttp2_session_get_stream_user_data(session, id);
    if (!stream) return 0;
    free(stream->in.bytes);
    free(stream->out.bytes);
    free(stream);
    return 0;
}

static nghttp2_session *new_session(struct connection *connection) {
    static nghttp2_session_callbacks *callbacks;
    static nghttp2_option *option;
    if (!callbacks) {
        nghttp2_session_callbacks_new(&callbacks);
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
        nghttp2_option_new(&option);
        nghttp2_option_set_no_closed_streams(option, 1);
    }
    nghttp2_session *session;
    nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 100}, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1024 * 1024}};
    if (nghttp2_session_server_new2(&session, callbacks, connection, option) != 0) abort();
    nghttp2_submit_settings(session, 0, settings, 2);
    nghttp2_session_set_local_window_size(session, 0, 0, 8 * 1024 * 1024);
    return session;
}

// Sockets

static void end_connection(struct connection *connection) {
    close(connection->fd);
    nghttp2_session_del(connection->session);
    SSL_free(connection->ssl);
    free(connection->output.bytes);
    free(connection);
}

static void wait_for_socket(struct connection *connection, bool waits) {
    if (connection->waits_for_socket == waits) return;
    connection->waits_for_socket = waits;
    struct epoll_event event = {.events = EPOLLIN | (waits ? EPOLLOUT : 0), .data.ptr = connection};
    epoll_ctl(poller, EPOLL_CTL_MOD, connection->fd, &event);
}

// Gathers frames, encrypts them in whole records, and sends what the socket takes. False at the connection's end.
static bool flush(struct connection *connection) {
    while (true) {
        while (length(&connection->output) > 0) {
            ssize_t sent = send(connection->fd, connection->output.bytes + connection->output.start,
                                length(&connection->output), MSG_NOSIGNAL);
            if (sent < 0 && errno == EAGAIN) {
                wait_for_socket(connection, true);
                return true;
            }
            if (sent <= 0) return false;
            connection->output.start += (size_t)sent;
        }
        wait_for_socket(connection, false);
        if (!connection->established) return true;
        size_t gathered = 0;
        const uint8_t *frames;
        while (gathered < CHUNK_BYTES) {
            ssize_t count = nghttp2_session_mem_send(connection->session, &frames);
            if (count < 0) return false;
            if (count == 0) break;
            memcpy(chunk_memory + gathered, frames, (size_t)count);
            gathered += (size_t)count;
        }
        if (gathered == 0) return true;
        if (SSL_write(connection->ssl, chunk_memory, (int)gathered) != (int)gathered) return false;
    }
}

static bool receive(struct connection *connection) {
    ssize_t received = recv(connection->fd, read_memory, READ_BYTES, 0);
    if (received < 0) return errno == EAGAIN;
    if (received == 0) return false;
    connection->input = read_memory;
    connection->input_bytes = (size_t)received;
    if (!connection->established) {
        int result = SSL_do_handshake(connection->ssl);
        if (result != 1) return SSL_get_error(connection->ssl, result) == SSL_ERROR_WANT_READ;
        connection->established = true;
    }
    while (true) {
        int count = SSL_read(connection->ssl, plain_memory, RECORD_BYTES);
        if (count <= 0) return SSL_get_error(connection->ssl, count) == SSL_ERROR_WANT_READ;
        if (nghttp2_session_mem_recv(connection->session, plain_memory, (size_t)count) < 0) return false;
    }
}

static void accept_connection(int listener, SSL_CTX *context, BIO_METHOD *method) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) abort();
    connection->fd = fd;
    connection->ssl = SSL_new(context);
    connection->session = new_session(connection);
    BIO *bio = BIO_new(method);
    BIO_set_data(bio, connection);
    BIO_set_init(bio, 1);
    SSL_set_bio(connection->ssl, bio, bio);
    SSL_set_accept_state(connection->ssl);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_bytes, const unsigned char *in,
                           unsigned in_bytes, void *user) {
    (void)ssl, (void)user;
    return nghttp2_select_next_protocol((unsigned char **)out, out_bytes, in, in_bytes) == 1
               ? SSL_TLSEXT_ERR_OK
               : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: %s CERTIFICATE KEY\n", argv[0]);
        return 2;
    }
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    if (SSL_CTX_use_certificate_chain_file(context, argv[1]) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, argv[2], SSL_FILETYPE_PEM) != 1)
        return 1;
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "bytes");
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
    read_memory = malloc(READ_BYTES);
    plain_memory = malloc(RECORD_BYTES);
    chunk_memory = malloc(2 * CHUNK_BYTES);

    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t address_bytes = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 128) != 0) return 1;
    getsockname(listener, (struct sockaddr *)&address, &address_bytes);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);

    poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    while (true) {
        struct epoll_event events[64];
        int count = epoll_wait(poller, events, 64, -1);
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (!connection) {
                accept_connection(listener, context, method);
            } else if ((events[i].events & ~EPOLLOUT && !receive(connection)) || !flush(connection)) {
                end_connection(connection);
            }
        }
    }
}
