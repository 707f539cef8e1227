#include "build/work_files.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "build/model_table.h"
#include "store/functions.h"

namespace martgate::build {
namespace {

namespace fs = std::filesystem;
using store::Connection;
using store::Sql;
using store::Value;

Status attach(Connection& connection, const fs::path& path, std::string_view schema) {
  auto statement = connection.prepare(Sql::rendered(fmt::format("ATTACH ? AS {}", schema)));
  if (!statement) return tl::unexpected(statement.error());
  if (auto bound = statement->bind(0, path.string()); !bound) return bound;
  if (auto done = statement->run(); !done) {
    return tl::unexpected(with_context(done.error(), path.string()));
  }
  return {};
}

}  // namespace

Result<WorkFiles> WorkFiles::make(Paths paths) {
  auto writer = Connection::open_writable(paths.marts, store::Durability::Build);
  if (!writer) return tl::unexpected(writer.error());
  Status done = writer->execute("PRAGMA page_size = 8192");
  if (done) done = attach(*writer, paths.staging, kStagingSchema);
  // A write-ahead log lets readers compute from finished tables while the next one joins them.
  // Nothing is synced before the end: a build that stops leaves only files to be removed.
  if (done) {
    done = writer->execute(
        "PRAGMA staging.page_size = 8192;"
        "PRAGMA main.journal_mode = WAL; PRAGMA staging.journal_mode = WAL;"
        "PRAGMA main.synchronous = OFF; PRAGMA staging.synchronous = OFF;"
        "PRAGMA main.secure_delete = OFF; PRAGMA staging.secure_delete = OFF;"
        "PRAGMA main.cache_size = -65536; PRAGMA staging.cache_size = -65536");
  }
  if (done && paths.prior) done = attach(*writer, *paths.prior, "prior");
  if (!done) return tl::unexpected(done.error());
  return WorkFiles(std::move(paths), std::move(*writer));
}

// The indexes are made first: then SQLite copies table and indexes page by page, without decoding
// a row (its "transfer optimization").
Status WorkFiles::copy(const catalog::Model& model, const std::string& definitions,
                       std::string_view from_schema) {
  const std::string script =
      fmt::format("BEGIN; {} INSERT INTO {} SELECT * FROM {}.{}; COMMIT", definitions,
                  qualified(model), from_schema, store::quoted_identifier(model.common.name));
  auto done = writer_.execute(Sql::rendered(script));
  if (!done) return tl::unexpected(with_context(done.error(), model.common.name));
  return {};
}

Status WorkFiles::take(const catalog::Model& model, std::span<const IndexDesign> indexes,
                       const fs::path& from) {
  const std::string_view schema = schema_of(model.layer);
  std::string definitions = create_table_sql(model, schema) + ";";
  for (const IndexDesign& index : indexes) {
    definitions += create_index_sql(model, index, schema) + ";";
  }
  if (auto done = attach(writer_, from, "result"); !done) return done;
  auto copied = copy(model, definitions, "result");
  if (auto done = writer_.execute("DETACH result"); !done && copied) copied = done;
  return copied;
}

Status WorkFiles::take_prior(const catalog::Model& model) {
  const Value values[] = {model.common.name};
  // As SQLite keeps them, they name no schema: run here, they make the same in main.
  const auto kept = writer_.query(
      "SELECT sql FROM prior.sqlite_schema WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY rowid",
      values);
  if (!kept) return tl::unexpected(kept.error());
  std::string definitions;
  for (const Value& sql : kept->cells) definitions += std::get<std::string>(sql) + ";";
  return copy(model, definitions, "prior");
}

Result<Connection> WorkFiles::open_reader(Reads reads) const {
  auto reader = Connection::open_readonly(paths_.marts);
  if (!reader) return tl::unexpected(reader.error());
  Status done = store::add_functions(reader->handle());
  if (done) done = attach(*reader, paths_.staging, kStagingSchema);
  if (done && reads == Reads::ModelsAndRaw && paths_.raw)
    done = attach(*reader, *paths_.raw, kRawSchema);
  if (done) {
    done = reader->execute(
        "PRAGMA temp_store = MEMORY; PRAGMA main.cache_size = -65536;"
        "PRAGMA staging.cache_size = -65536");
  }
  if (done) done = admit_json_tables(*reader);
  if (!done) return tl::unexpected(done.error());
  return reader;
}

Status WorkFiles::finish(const engine::SnapshotFacts& facts,
                         const std::vector<engine::TimeColumn>& times) {
  if (paths_.prior) {
    if (auto done = writer_.execute("DETACH prior"); !done) return done;
  }
  auto done = writer_.execute("DETACH staging; BEGIN");
  if (done) done = engine::write_facts(writer_, facts);
  if (done) done = engine::write_event_times(writer_, times);
  if (done) done = writer_.execute("COMMIT; ANALYZE main; PRAGMA main.journal_mode = DELETE");
  if (!done) return done;
  const auto verdict = writer_.query_value("PRAGMA main.quick_check(1)");
  if (!verdict) return tl::unexpected(verdict.error());
  if (*verdict != Value("ok")) {
    const auto* text = std::get_if<std::string>(&*verdict);
    return fail(Code::Unavailable, fmt::format("the built file is damaged: {}",
                                               text == nullptr ? "no verdict" : *text));
  }
  const auto mode = writer_.query_value("PRAGMA main.journal_mode");
  if (!mode || *mode != Value("delete")) {
    return fail(Code::Internal, "the built file still has a write-ahead log");
  }
  return {};
}

}  // namespace martgate::build
