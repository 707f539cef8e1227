#include "ingest/connect/http_get.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "base/text.h"

namespace martgate::ingest {
namespace {

constexpr std::size_t kReadBytes = 64UL << 10U;
constexpr std::size_t kChunkLineBytesMax = 1'024;

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

tl::unexpected<Failure> unreachable(const Origin& origin, std::string_view why) {
  return try_again({Code::Unavailable,
                    fmt::format("cannot reach {}: {}", shown(host_field(origin), 100), why),
                    {},
                    "unreachable"});
}

tl::unexpected<Failure> cut_off(const Origin& origin) {
  return try_again(
      {Code::Unavailable,
       fmt::format("{} ended the connection within its answer", shown(host_field(origin), 100)),
       {},
       "cut_off"});
}

tl::unexpected<Failure> too_slow(const Origin& origin, std::string_view limit, std::int64_t ms) {
  return try_again(
      {Code::Unavailable,
       fmt::format("{} took longer than {} of {} ms", shown(host_field(origin), 100), limit, ms),
       {},
       "too_slow"});
}

tl::unexpected<Failure> no_http(std::string_view what) {
  return give_up(
      {Code::InvalidArgument, fmt::format("the answer is not HTTP: {}", what), {}, "bad_http"});
}

// A connected, non-blocking socket, with TLS or without.
class Wire {
 public:
  Wire(const Origin& origin, const HttpGetOptions& options, const Clock& clock)
      : origin_(origin), options_(options), clock_(clock) {}
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire() {
    ssl_.reset();
    if (socket_ >= 0) ::close(socket_);
  }

  Attempt<void> connect() {
    limit("connect_ms_max", options_.connect_ms_max);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int rc =
        getaddrinfo(origin_.host.c_str(), std::to_string(origin_.port).c_str(), &hints, &found);
    if (rc != 0) return unreachable(origin_, gai_strerror(rc));
    const std::unique_ptr<addrinfo, FreeAddresses> list(found);
    Attempt<void> last = unreachable(origin_, "no address");
    for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
      last = connect_to(*address);
      if (last || last.error().error.reason == "too_slow") break;
    }
    if (!last) return last;
    if (origin_.is_tls) {
      if (auto secured = begin_tls(); !secured) return secured;
    }
    limit("request_ms_max", options_.request_ms_max);
    return {};
  }

  Attempt<void> write(std::string_view bytes) {
    while (!bytes.empty()) {
      ERR_clear_error();  // SSL_get_error() looks at what earlier calls of the thread left behind
      const auto sent = ssl_ ? static_cast<ssize_t>(SSL_write(ssl_.get(), bytes.data(),
                                                              static_cast<int>(bytes.size())))
                             : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
        continue;
      }
      if (auto waited = wait_for_more(sent, POLLOUT); !waited)
        return tl::unexpected(waited.error());
    }
    return {};
  }

  // 0 at the end of the stream.
  Attempt<std::size_t> read(char* into, std::size_t size) {
    for (;;) {
      ERR_clear_error();
      const auto got =
          ssl_ ? static_cast<ssize_t>(SSL_read(ssl_.get(), into, static_cast<int>(size)))
               : ::recv(socket_, into, size, 0);
      if (got > 0) return static_cast<std::size_t>(got);
      if (!ssl_ && got == 0) return std::size_t{0};
      if (ssl_ && SSL_get_error(ssl_.get(), static_cast<int>(got)) == SSL_ERROR_ZERO_RETURN)
        return std::size_t{0};
      if (auto waited = wait_for_more(got, POLLIN); !waited) return tl::unexpected(waited.error());
    }
  }

 private:
  void limit(std::string_view name, std::int64_t ms) {
    limit_name_ = name;
    limit_ms_ = ms;
    deadline_ns_ = clock_.monotonic_ns() + ms * 1'000'000;
  }

  Attempt<void> connect_to(const addrinfo& address) {
    if (socket_ >= 0) ::close(socket_);
    socket_ = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket_ < 0) return unreachable(origin_, std::strerror(errno));
    const int on = 1;
    static_cast<void>(setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    if (::connect(socket_, address.ai_addr, address.ai_addrlen) == 0) return {};
    if (errno != EINPROGRESS) return unreachable(origin_, std::strerror(errno));
    if (auto waited = wait(POLLOUT); !waited) return waited;
    int problem = 0;
    socklen_t size = sizeof problem;
    getsockopt(socket_, SOL_SOCKET, SO_ERROR, &problem, &size);
    if (problem != 0) return unreachable(origin_, std::strerror(problem));
    return {};
  }

  Attempt<void> begin_tls() {
    ERR_clear_error();
    context_.reset(SSL_CTX_new(TLS_client_method()));
    if (!context_) return tls_failure("no context");
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    const bool has_roots =
        options_.ca_file.empty()
            ? SSL_CTX_set_default_verify_paths(context_.get()) == 1
            : SSL_CTX_load_verify_locations(context_.get(), options_.ca_file.c_str(), nullptr) == 1;
    if (!has_roots) return tls_failure("the trusted certificates cannot be read");
    ssl_.reset(SSL_new(context_.get()));
    if (!ssl_ || SSL_set_fd(ssl_.get(), socket_) != 1) return tls_failure("no connection");
    in6_addr address{};
    const bool is_address = inet_pton(AF_INET, origin_.host.c_str(), &address) == 1 ||
                            inet_pton(AF_INET6, origin_.host.c_str(), &address) == 1;
    if (is_address) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), origin_.host.c_str());
    } else {
      SSL_set1_host(ssl_.get(), origin_.host.c_str());
      SSL_set_tlsext_host_name(ssl_.get(), origin_.host.c_str());
    }
    for (;;) {
      ERR_clear_error();
      const int rc = SSL_connect(ssl_.get());
      if (rc == 1) return {};
      const int why = SSL_get_error(ssl_.get(), rc);
      if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
        const long verdict = SSL_get_verify_result(ssl_.get());
        if (verdict != X509_V_OK) return tls_failure(X509_verify_cert_error_string(verdict));
        if (why == SSL_ERROR_SYSCALL) return cut_off(origin_);
        return tls_failure("the handshake failed");
      }
      if (auto waited = wait(why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT); !waited) return waited;
    }
  }

  tl::unexpected<Failure> tls_failure(std::string_view why) const {
    return give_up({Code::Unavailable,
                    fmt::format("{} is not trusted: {}", shown(host_field(origin_), 100), why),
                    {"accepted: a certificate for this name from the system's authorities or"
                     " ca_file"},
                    "tls"});
  }

  // After a call that moved nothing: waits when it would have blocked, fails when it failed.
  Attempt<void> wait_for_more(ssize_t result, short events) {
    if (ssl_) {
      const int why = SSL_get_error(ssl_.get(), static_cast<int>(result));
      if (why == SSL_ERROR_WANT_READ) return wait(POLLIN);
      if (why == SSL_ERROR_WANT_WRITE) return wait(POLLOUT);
      ERR_clear_error();
      return cut_off(origin_);
    }
    if (errno == EAGAIN || errno == EINTR) return wait(events);
    return cut_off(origin_);
  }

  Attempt<void> wait(short events) {
    for (;;) {
      const std::int64_t left_ms = (deadline_ns_ - clock_.monotonic_ns()) / 1'000'000;
      if (left_ms <= 0) return too_slow(origin_, limit_name_, limit_ms_);
      pollfd entry{socket_, events, 0};
      const int ready =
          ::poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left_ms, 60'000)));
      if (ready > 0) {
        // A byte now and then keeps the socket ready, not the request within its time.
        if (clock_.monotonic_ns() > deadline_ns_) return too_slow(origin_, limit_name_, limit_ms_);
        return {};
      }
      if (ready < 0 && errno != EINTR) return unreachable(origin_, std::strerror(errno));
    }
  }

  const Origin& origin_;
  const HttpGetOptions& options_;
  const Clock& clock_;
  int socket_ = -1;
  std::unique_ptr<SSL_CTX, FreeContext> context_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  std::string_view limit_name_;
  std::int64_t limit_ms_ = 0;
  std::int64_t deadline_ns_ = 0;
};

// Reads one answer off a wire.
class AnswerReader {
 public:
  AnswerReader(Wire& wire, const Origin& origin, std::int64_t body_bytes_max)
      : wire_(wire), origin_(origin), body_bytes_max_(static_cast<std::size_t>(body_bytes_max)) {}

  Attempt<HttpAnswer> read() {
    for (;;) {
      auto answer = read_head();
      if (!answer) return answer;
      if (answer->status >= 100 && answer->status < 200) continue;  // 100 Continue, 103 Early Hints
      if (auto done = read_body(*answer); !done) return tl::unexpected(done.error());
      return answer;
    }
  }

 private:
  // More bytes behind what is buffered; false at the end of the stream.
  Attempt<bool> fill() {
    const std::size_t had = buffer_.size();
    buffer_.resize(had + kReadBytes);
    auto got = wire_.read(buffer_.data() + had, kReadBytes);
    buffer_.resize(had + (got ? *got : 0));
    if (!got) return tl::unexpected(got.error());
    return *got > 0;
  }

  Attempt<HttpAnswer> read_head() {
    for (;;) {
      const std::size_t crlf = buffer_.find("\r\n\r\n");
      const std::size_t lf = buffer_.find("\n\n");
      const std::size_t end = std::min(crlf, lf);
      if (end != std::string::npos) {
        auto answer = parse_http_head(std::string_view(buffer_).substr(0, end));
        buffer_.erase(0, end + (end == crlf ? 4 : 2));
        if (!answer) return no_http("its head is malformed");
        return std::move(*answer);
      }
      if (buffer_.size() > kHttpHeadBytesMax) return no_http("its head is too long");
      const auto more = fill();
      if (!more) return tl::unexpected(more.error());
      if (!*more) return cut_off(origin_);
    }
  }

  Attempt<void> read_body(HttpAnswer& answer) {
    if (answer.status == 204 || answer.status == 304) return {};
    const auto coding = answer.header("Content-Encoding");
    if (coding && lower_ascii(*coding) != "identity") return no_http("a content coding");
    const auto transfer = answer.header("Transfer-Encoding");
    const auto length = answer.header("Content-Length");
    if (transfer && length) return no_http("two lengths");
    if (transfer && lower_ascii(*transfer) != "chunked") return no_http("a transfer coding");
    if (transfer) return read_chunks(answer.body);
    if (!length) return read_to_end(answer.body);
    std::size_t bytes = 0;
    const char* end = length->data() + length->size();
    const auto [stop, problem] = std::from_chars(length->data(), end, bytes);
    if (problem != std::errc() || stop != end) return no_http("its length is no number");
    return take(bytes, answer.body);
  }

  Attempt<void> check_size(std::size_t bytes) const {
    if (bytes <= body_bytes_max_) return {};
    return give_up({Code::ResourceExhausted,
                    fmt::format("the answer is longer than {} bytes", body_bytes_max_),
                    {"ask for smaller pages, or raise page_bytes_max"},
                    "page_bytes_max"});
  }

  Attempt<void> take(std::size_t bytes, std::string& body) {
    if (bytes > body_bytes_max_) return check_size(bytes);
    if (auto fits = check_size(body.size() + bytes); !fits) return fits;
    while (buffer_.size() < bytes) {
      const auto more = fill();
      if (!more) return tl::unexpected(more.error());
      if (!*more) return cut_off(origin_);
    }
    body.append(buffer_, 0, bytes);
    buffer_.erase(0, bytes);
    return {};
  }

  Attempt<std::string> line() {
    for (;;) {
      const std::size_t end = buffer_.find('\n');
      if (end != std::string::npos) {
        std::string text = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        if (text.ends_with('\r')) text.pop_back();
        return text;
      }
      if (buffer_.size() > kChunkLineBytesMax) return no_http("a chunk without a size");
      const auto more = fill();
      if (!more) return tl::unexpected(more.error());
      if (!*more) return cut_off(origin_);
    }
  }

  Attempt<void> read_chunks(std::string& body) {
    for (;;) {
      const auto head = line();
      if (!head) return tl::unexpected(head.error());
      const std::string_view digits =
          trim(std::string_view(*head).substr(0, head->find(';')));  // extensions are nothing to us
      std::size_t bytes = 0;
      const auto [stop, problem] =
          std::from_chars(digits.data(), digits.data() + digits.size(), bytes, 16);
      if (digits.empty() || problem != std::errc() || stop != digits.data() + digits.size())
        return no_http("a chunk without a size");
      if (bytes == 0) return skip_trailers();
      if (auto taken = take(bytes, body); !taken) return taken;
      const auto end = line();
      if (!end) return tl::unexpected(end.error());
      if (!end->empty()) return no_http("a chunk longer than its size");
    }
  }

  Attempt<void> skip_trailers() {
    for (std::size_t bytes = 0; bytes < kHttpHeadBytesMax;) {
      const auto text = line();
      if (!text) return tl::unexpected(text.error());
      if (text->empty()) return {};
      bytes += text->size();
    }
    return no_http("its trailers are too long");
  }

  Attempt<void> read_to_end(std::string& body) {
    for (;;) {
      if (auto fits = check_size(buffer_.size()); !fits) return fits;
      const auto more = fill();
      if (!more) return tl::unexpected(more.error());
      if (!*more) break;
    }
    body = std::move(buffer_);
    buffer_.clear();
    return {};
  }

  Wire& wire_;
  const Origin& origin_;
  std::size_t body_bytes_max_;
  std::string buffer_;
};

}  // namespace

Attempt<HttpAnswer> http_get(const Url& url, const HttpGetOptions& options, const Clock& clock) {
  std::string request =
      fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n", url.target, host_field(url.origin));
  for (const auto& [name, value] : options.headers) {
    // A line end in a value would be a header of its own.
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return give_up({Code::InvalidArgument,
                      fmt::format("the value of the header {} holds a line end", shown(name, 60)),
                      {},
                      "bad_header"});
    }
    request += fmt::format("{}: {}\r\n", name, value);
  }
  request += "Accept-Encoding: identity\r\nConnection: close\r\n\r\n";
  Wire wire(url.origin, options, clock);
  if (auto connected = wire.connect(); !connected) return tl::unexpected(connected.error());
  if (auto sent = wire.write(request); !sent) return tl::unexpected(sent.error());
  return AnswerReader(wire, url.origin, options.body_bytes_max).read();
}

}  // namespace martgate::ingest
