#include "http/listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "http/bind_rule.h"
#include "http/event_loop.h"

namespace martgate::http {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  bool is_loopback = false;
};

Result<Address> parse_address(const std::string& text, std::uint16_t port) {
  Address address;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  const char* numeric = text == "localhost" ? "127.0.0.1" : text.c_str();
  if (::inet_pton(AF_INET, numeric, &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    address.is_loopback = (ntohl(v4.sin_addr.s_addr) >> 24U) == 127;
    address.length = sizeof v4;
    std::memcpy(&address.storage, &v4, sizeof v4);
  } else if (::inet_pton(AF_INET6, numeric, &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    address.is_loopback = IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
    address.length = sizeof v6;
    std::memcpy(&address.storage, &v6, sizeof v6);
  } else {
    return fail(Code::InvalidArgument, fmt::format("\"{}\" is not an address", shown(text)),
                {"accepted: a numeric IPv4 or IPv6 address, or localhost"});
  }
  return address;
}

Status check_limits(const ListenerOptions& options) {
  const bool are_positive =
      options.workers > 0 && options.backlog > 0 && options.connections_max > 0 &&
      options.connections_per_address_max > 0 && options.idle_ms_max > 0 &&
      options.handshake_ms_max > 0 && options.header_ms_max > 0 && options.body_ms_max > 0 &&
      options.body_grace_ms > 0 && options.body_bytes_per_second_min > 0 &&
      options.write_ms_max > 0 && options.linger_ms_max > 0 && options.stop_grace_ms_max >= 0;
  if (!are_positive) return fail(Code::InvalidArgument, "a limit of the listener is not positive");
  return {};
}

// A connection over the process's limit would be dropped without a word, so the room is made now.
Status reserve_descriptors(std::size_t connections_max) {
  const rlim_t needed = connections_max + kOtherDescriptors;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return fail(Code::Unavailable, "the limit of open descriptors cannot be read");
  }
  if (limit.rlim_cur >= needed) return {};
  if (limit.rlim_max >= needed) {
    limit.rlim_cur = needed;
    if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return {};
  }
  return fail(Code::FailedPrecondition,
              fmt::format("{} connections need {} descriptors and the process may open {}",
                          connections_max, needed, limit.rlim_max),
              {"raise the hard limit (ulimit -Hn)", "allow fewer connections"});
}

tl::unexpected<Error> socket_error(const ListenerOptions& options) {
  const int number = errno;
  return fail(Code::Unavailable, fmt::format("cannot listen on {} port {}: {}", options.address,
                                             options.port, std::strerror(number)));
}

// SO_REUSEADDR alone: with SO_REUSEPORT a second server would bind the same port silently and
// take half of the traffic.
Result<int> listening_socket(const ListenerOptions& options, const Address& address) {
  const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return socket_error(options);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.storage.ss_family == AF_INET6) {
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0 ||
      ::listen(fd, options.backlog) != 0) {
    auto error = socket_error(options);
    ::close(fd);
    return error;
  }
  return fd;
}

std::uint16_t bound_port(int fd) {
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length);
  // Both families keep the port in the same place, after the family.
  sockaddr_in v4{};
  std::memcpy(&v4, &bound, sizeof v4);
  return ntohs(v4.sin_port);
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::start(ListenerOptions options, Routes routes,
                                                  const Clock& clock) {
  if (auto checked = check_limits(options); !checked) return tl::unexpected(checked.error());
  auto address = parse_address(options.address, options.port);
  if (!address) return tl::unexpected(address.error());
  if (auto allowed = check_bind({.address = options.address,
                                 .is_loopback = address->is_loopback,
                                 .is_allowed = options.non_loopback_allowed,
                                 .is_authenticated = options.is_authenticated,
                                 .has_hosts = !options.hosts.empty()});
      !allowed) {
    return tl::unexpected(allowed.error());
  }
  auto rules = address->is_loopback ? HostRules::loopback_and(options.hosts, options.origins)
                                    : HostRules::from(options.hosts, options.origins);
  if (!rules) return tl::unexpected(rules.error());
  if (auto room = reserve_descriptors(options.connections_max); !room) {
    return tl::unexpected(room.error());
  }
  std::shared_ptr<const TlsContext> tls;
  if (options.tls) {
    auto loaded = TlsContext::load(*options.tls);
    if (!loaded) return tl::unexpected(loaded.error());
    tls = std::move(*loaded);
  }
  const auto fd = listening_socket(options, *address);
  if (!fd) return tl::unexpected(fd.error());
  const std::uint16_t port = bound_port(*fd);
  auto loop = EventLoop::start(std::move(options), std::move(routes), std::move(*rules), clock,
                               std::move(tls), *fd);
  if (!loop) return tl::unexpected(loop.error());
  return std::unique_ptr<Listener>(new Listener(std::move(*loop), port));
}

Listener::Listener(std::shared_ptr<EventLoop> loop, std::uint16_t port)
    : loop_(std::move(loop)), port_(port) {}

Listener::~Listener() {
  stop();
}

std::size_t Listener::connections_open() const {
  return loop_->connections_open();
}

Status Listener::reload_tls() {
  const auto& files = loop_->options().tls;
  if (!files) return {};
  auto loaded = TlsContext::load(*files);
  if (!loaded) return tl::unexpected(loaded.error());
  loop_->use_tls(std::move(*loaded));
  return {};
}

void Listener::request_stop() {
  loop_->request_stop();
}

void Listener::stop() {
  loop_->request_stop();
  loop_->join();
}

}  // namespace martgate::http
