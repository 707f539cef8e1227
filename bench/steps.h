// What single steps of a call cost, by google-benchmark.
#pragma once

namespace martgate::bench {
void register_steps();
}  // namespace martgate::bench
