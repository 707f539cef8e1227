// File trees that passed their schema -> the structs of project.h. What a schema cannot say and
// concerns one object alone is checked here; what concerns several objects is checked afterwards.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "catalog/load.h"
#include "catalog/node.h"
#include "catalog/project.h"

namespace martgate::catalog {

[[nodiscard]] Common read_common(const Node& node);
[[nodiscard]] Source read_source(const Node& node);
// The inventory's part of it: keys, personal data, reconciliation, questions served.
void read_inventory(const Node& node, Source& source);
// The `connector` block of a source; none when absent.
[[nodiscard]] std::optional<Connector> read_connector(const Node& node);
// `files`, `read`, `request`, `event` and `once_by` of a table: what belongs together, and nothing
// else.
void read_extract(const Node& node, const std::optional<Connector>& connector, SourceTable& table);
// `sql` is the text of the file beside it; `layer` is the folder both lie in.
[[nodiscard]] Model read_model(const Node& node, Layer layer, std::string sql_file,
                               std::string sql);
[[nodiscard]] Metric read_metric(const Node& node);
[[nodiscard]] std::vector<Question> read_questions(const Node& node);
[[nodiscard]] Jobs read_jobs(const Node& node);
[[nodiscard]] ToolDefinition read_tool(const Node& node, const Limits& project_limits);
[[nodiscard]] AuthSettings read_auth(const Node& node, const std::filesystem::path& root);
[[nodiscard]] Settings read_settings(const Node& node, const std::filesystem::path& root,
                                     const LoadOptions& options);

[[nodiscard]] Scalar read_scalar(const Node& node);
[[nodiscard]] std::vector<Filter> read_filters(const Node& node);
[[nodiscard]] Freshness read_freshness(const Node& node);
[[nodiscard]] TrustPolicy read_trust(const Node& node);
[[nodiscard]] Classification read_classification(const Node& node);

// The value at `node` as an ISO date; reports a day that does not exist. Empty when absent.
[[nodiscard]] std::string read_date(const Node& node);

// SHA-256 hex of the canonical JSON of a file.
[[nodiscard]] std::string digest_of(const Node& node);

}  // namespace martgate::catalog
