// The revisions with a handshake: 2025-03-26, 2025-06-18, 2025-11-25.
#pragma once

#include "base/result.h"
#include "json/json_fwd.h"
#include "mcp/methods.h"

namespace martgate::mcp {

// The revision an initialize request gets: the one it asks for if it is served and legacy, else our
// newest legacy one, also for nonsense; never an error and never a modern one.
// Errors: InvalidArgument when params are not those of an initialize request. `params` may be null.
[[nodiscard]] Result<Revision> negotiated(const Json* params);

// The session that initialize agrees on; `pipe` as Session has it. Precondition: negotiated() took
// the params.
[[nodiscard]] std::shared_ptr<Session> session_of(const Json& params, Revision revision,
                                                  const gate::Caller& caller,
                                                  std::shared_ptr<LineWriter> pipe);

// The answer to initialize, at the revision of the frame.
[[nodiscard]] std::string initialize_message(const Service& service, const Frame& frame);

void ping(const std::shared_ptr<Call>& call, const HttpHead* head);
void set_log_level(const std::shared_ptr<Call>& call, const HttpHead* head);

}  // namespace martgate::mcp
