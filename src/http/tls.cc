#include "http/tls.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <utility>

#include "base/text.h"

namespace martgate::http {
namespace {

// OpenSSL's own socket BIO uses write(), which raises SIGPIPE when the peer is gone.
int fd_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool is_transient(int number) {
  return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

int write_bytes(BIO* bio, const char* bytes, int count) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent =
      ::send(fd_of(bio), bytes, static_cast<std::size_t>(count), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && is_transient(errno)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int read_bytes(BIO* bio, char* into, int count) {
  BIO_clear_retry_flags(bio);
  const ssize_t got = ::recv(fd_of(bio), into, static_cast<std::size_t>(count), MSG_DONTWAIT);
  if (got < 0 && is_transient(errno)) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;  // nothing is held back
}

const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const kMethod = [] {
    BIO_METHOD* method =
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "martgate socket");
    if (method == nullptr) return method;
    BIO_meth_set_write(method, write_bytes);
    BIO_meth_set_read(method, read_bytes);
    BIO_meth_set_ctrl(method, control);
    return method;
  }();
  return kMethod;
}

// Forward secrecy and authenticated encryption; TLS 1.3 has nothing else.
constexpr const char* kSuites12 = "ECDHE+AESGCM:ECDHE+CHACHA20";

// Without this an encrypted key asks for its passphrase on the terminal.
int no_passphrase(char* /*into*/, int /*size*/, int /*is_write*/, void* /*data*/) {
  return -1;
}

int choose_protocol(SSL* /*session*/, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void* /*data*/) {
  static constexpr std::array<unsigned char, 9> kHttp11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* found = nullptr;
  const int outcome = SSL_select_next_proto(&found, chosen_size, kHttp11.data(), kHttp11.size(),
                                            offered, offered_size);
  *chosen = found;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

tl::unexpected<Error> refusal(std::string_view what, const std::string& file) {
  const unsigned long number = ERR_peek_last_error();
  const char* reason = number == 0 ? nullptr : ERR_reason_error_string(number);
  ERR_clear_error();
  return fail(
      Code::InvalidArgument,
      fmt::format("{} {} cannot be used: {}", what, shown(file),
                  reason == nullptr ? "it cannot be read" : reason),
      {"accepted: PEM files; the certificate first, then its chain; a key without passphrase"});
}

}  // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::load(const TlsFiles& files) {
  ERR_clear_error();
  std::shared_ptr<TlsContext> context(new TlsContext(SSL_CTX_new(TLS_server_method())));
  SSL_CTX* raw = context->context_;
  if (raw == nullptr) return fail(Code::Unavailable, "OpenSSL gives no context");
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                               SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(raw, 0);
  // Read and write buffers of 16 KiB each are given back while a connection is idle.
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_default_passwd_cb(raw, no_passphrase);
  SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
  if (SSL_CTX_set_cipher_list(raw, kSuites12) != 1) {
    return fail(Code::Unavailable, "OpenSSL knows none of the cipher suites");
  }
  if (SSL_CTX_use_certificate_chain_file(raw, files.certificate.c_str()) != 1) {
    return refusal("the certificate", files.certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(raw, files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(raw) != 1) {
    return refusal("the key", files.key);
  }
  return context;
}

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
}

std::unique_ptr<TlsSession> TlsSession::over(const TlsContext& context, int fd) {
  const BIO_METHOD* method = socket_method();
  SSL* raw = method == nullptr ? nullptr : SSL_new(context.context_);
  if (raw == nullptr) return nullptr;
  std::unique_ptr<TlsSession> session(new TlsSession(raw));
  BIO* bio = BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
  BIO_set_init(bio, 1);
  SSL_set_bio(raw, bio, bio);
  SSL_set_accept_state(raw);
  return session;
}

TlsSession::~TlsSession() {
  SSL_free(session_);
}

TlsSession::State TlsSession::state_of(int outcome) {
  switch (SSL_get_error(session_, outcome)) {
    case SSL_ERROR_NONE:
      return State::Done;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return State::Blocked;
    case SSL_ERROR_ZERO_RETURN:
      return State::Ended;
    default:
      is_broken_ = true;
      return State::Broken;
  }
}

TlsSession::State TlsSession::shake_hands() {
  ERR_clear_error();  // what another connection of this thread left would be taken for ours
  return state_of(SSL_do_handshake(session_));
}

TlsSession::Moved TlsSession::receive(std::span<char> into) {
  receive_waits_for_room_ = false;
  std::size_t bytes = 0;
  while (bytes < into.size()) {  // a call takes one record, 16 KiB at most
    ERR_clear_error();
    std::size_t got = 0;
    const int outcome = SSL_read_ex(session_, into.data() + bytes, into.size() - bytes, &got);
    if (outcome != 1) {
      receive_waits_for_room_ = SSL_want_write(session_) != 0;
      return {state_of(outcome), bytes};
    }
    bytes += got;
  }
  return {State::Done, bytes};
}

TlsSession::Moved TlsSession::send(std::string_view bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    ERR_clear_error();
    std::size_t taken = 0;
    const int outcome = SSL_write_ex(session_, bytes.data() + sent, bytes.size() - sent, &taken);
    if (outcome != 1) return {state_of(outcome), sent};
    sent += taken;
  }
  return {State::Done, sent};
}

void TlsSession::say_goodbye() {
  const bool is_said = (SSL_get_shutdown(session_) & SSL_SENT_SHUTDOWN) != 0;
  if (is_said || is_broken_ || SSL_is_init_finished(session_) == 0) return;
  ERR_clear_error();
  SSL_shutdown(session_);
}

}  // namespace martgate::http
