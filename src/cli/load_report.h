// What a run of ingest did, for people and for programs; shared by ingest and build.
#pragma once

#include <cstdint>
#include <functional>

#include "base/json_writer.h"
#include "cli/commands.h"
#include "ingest/ingest.h"

namespace martgate::cli {

[[nodiscard]] std::function<void(const ingest::IngestProgress&)> loading_progress(App& app);

// On stderr: each file that did not simply load, and why.
void print_file_notes(App& app, const ingest::IngestReport& report);
// WhatHappened leaves out tables where nothing was loaded, held, refused or drifted.
enum class LoadDetail : std::uint8_t { WhatHappened, EveryTable };
void print_load_report(App& app, const ingest::IngestReport& report, LoadDetail detail);

// Fields of an open object: files_loaded, rows, …, tables.
void write_load_report(JsonWriter& json, const ingest::IngestReport& report);

}  // namespace martgate::cli
