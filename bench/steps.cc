#include "steps.h"

#include <benchmark/benchmark.h>

#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/json_writer.h"
#include "envelope/record.h"
#include "gate/citations.h"
#include "gate/envelope_text.h"
#include "json/parse.h"

namespace martgate::bench {
namespace {

// 20 rows of four cells: about 2 KB, the size of an ordinary answer.
std::string rows_text() {
  std::string text;
  JsonWriter json(text);
  json.begin_array();
  for (int i = 0; i < 20; ++i) {
    json.begin_array()
        .string("2026-01-01")
        .string("a channel of ours")
        .raw("128439.17")
        .real(0.123456789 * i)
        .end_array();
  }
  json.end_array();
  return text;
}

void write_rows(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(rows_text());
}

void write_rows_by_tree(benchmark::State& state) {
  for (auto _ : state) {
    nlohmann::json rows = nlohmann::json::array();
    for (int i = 0; i < 20; ++i)
      rows.push_back({"2026-01-01", "a channel of ours", 128439.17, 0.123456789 * i});
    benchmark::DoNotOptimize(rows.dump());
  }
}

void parse_rows(benchmark::State& state) {
  const std::string text = rows_text();
  for (auto _ : state) benchmark::DoNotOptimize(parse_ijson(text));
}

void digest_rows(benchmark::State& state) {
  const std::string text = rows_text();
  for (auto _ : state) benchmark::DoNotOptimize(sha256_hex(text));
}

// The steps of a read and the bytes of its record: the envelope alone, without the disk.
void envelope_record(benchmark::State& state) {
  using envelope::Event;
  for (auto _ : state) {
    auto record =
        envelope::first_record("req_00000000000000000000000000000000", envelope::EffectClass::None);
    for (const Event event :
         {Event::CredentialValid, Event::ArgumentsValid, Event::Allow, Event::StartRead,
          Event::RowsRead, Event::Cite, Event::Price, Event::Finish}) {
      static_cast<void>(envelope::take(record, event));
    }
    record.fields.tool = "query_metrics";
    record.fields.principal = "local";
    record.fields.tenant = "default";
    const envelope::StoredRecord stored{1, std::string(envelope::kNoHash), 1, 0, record};
    benchmark::DoNotOptimize(envelope::hash_of_payload(envelope::payload_of(stored)));
  }
}

void citation(benchmark::State& state) {
  catalog::Project project;
  project.digest = "d";
  catalog::Source source;
  source.common.name = "shop";
  catalog::SourceTable table;
  table.name = "orders";
  table.raw_name = "shop_orders";
  source.tables.push_back(table);
  project.sources.push_back(source);
  engine::SnapshotFacts facts;
  facts.id = "s";
  facts.project_digest = "d";
  facts.loaded.push_back({"shop", "shop_orders", 1, 4'000, 0, WallTime{}});
  facts.models.push_back({"stg_orders", "staging", "", 4'000});
  facts.models.push_back({"orders", "marts", "", 4'000});
  facts.lineage.push_back({"orders", "stg_orders", "staging", {"amount"}});
  facts.lineage.push_back({"stg_orders", "shop_orders", "raw", {"amount"}});
  for (int i = 0; i < 100; ++i) {
    facts.tests.push_back({"t" + std::to_string(i), "orders", "", "not_null", "error",
                           engine::Verdict::Pass, "0", "0"});
  }
  tools::ToolAnswer answer;
  answer.reads[{"main", "orders"}] = {"amount", "ordered_at"};
  for (auto _ : state) {
    const auto evidence = gate::cite(answer, project, facts, WallTime{});
    std::string text;
    JsonWriter json(text);
    gate::write_citations(json, evidence->citations, "");
    benchmark::DoNotOptimize(text);
  }
}

}  // namespace

void register_steps() {
  benchmark::RegisterBenchmark("write 2 KB of rows", write_rows);
  benchmark::RegisterBenchmark("the same as a tree, dumped", write_rows_by_tree);
  benchmark::RegisterBenchmark("parse 2 KB of rows", parse_rows);
  benchmark::RegisterBenchmark("SHA-256 of 2 KB", digest_rows);
  benchmark::RegisterBenchmark("envelope: steps, record, hash", envelope_record);
  benchmark::RegisterBenchmark("citation: 1 table, 100 tests", citation);
}

}  // namespace martgate::bench
