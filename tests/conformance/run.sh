#!/usr/bin/env bash
# The official conformance suite against the fixture server, both of its requirement sets.
# run.sh FIXTURE FOLDER: FOLDER keeps the npm packages between runs. Exit code 77: skipped.
set -euo pipefail
fixture=$(realpath "$1")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../clients/packages.sh"
install_packages "$2"

work=$(mktemp -d)
server=
finish() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap finish EXIT

mkfifo "$work/ready"
"$fixture" --port 0 >"$work/ready" &
server=$!
read -r url <"$work/ready"

mkdir -p "$packages/conformance"
cp "$here/report.mjs" "$packages/conformance/"
cd "$packages/conformance"
for revision in 2026-07-28 2025-11-25; do
  # What counts is in the checks that it writes; its exit code knows nothing of warnings.
  conformance server \
    --url "$url" --requirements "$revision" -o "$work/$revision" >"$work/$revision.log" 2>&1 ||
    [ -d "$work/$revision" ] || { cat "$work/$revision.log"; exit 1; }
done
node report.mjs "$work/2026-07-28" "$work/2025-11-25"
