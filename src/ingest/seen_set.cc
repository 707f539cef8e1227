#include "ingest/seen_set.h"

namespace martgate::ingest {
namespace {

// The hashes of rows are uniform; those of keys may not be.
std::size_t spread(std::uint64_t hash) {
  hash ^= hash >> 32U;
  hash *= 0x9e3779b97f4a7c15U;
  return static_cast<std::size_t>(hash ^ (hash >> 29U));
}

}  // namespace

SeenSet::Answer SeenSet::add(std::uint64_t hash) {
  if (hash == 0) {
    const Answer answer = has_zero_ ? Answer::Maybe : Answer::New;
    has_zero_ = true;
    return answer;
  }
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = spread(hash) & mask;
  for (; slots_[at] != 0; at = (at + 1) & mask) {
    if (slots_[at] == hash) return Answer::Maybe;
  }
  if (count_ >= kSeenMax) return Answer::Maybe;
  slots_[at] = hash;
  if (++count_ * 2 > slots_.size()) grow();
  return Answer::New;
}

void SeenSet::grow() {
  std::vector<std::uint64_t> old(slots_.size() * 2);
  old.swap(slots_);
  const std::size_t mask = slots_.size() - 1;
  for (const std::uint64_t hash : old) {
    if (hash == 0) continue;
    std::size_t at = spread(hash) & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = hash;
  }
}

}  // namespace martgate::ingest
