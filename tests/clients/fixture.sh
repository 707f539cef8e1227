#!/usr/bin/env bash
# The published clients and the Inspector's command line against the fixture server, over HTTP and stdio.
# fixture.sh FIXTURE FOLDER [--only WORD]: FOLDER keeps the npm packages between runs. Exit code 77: skipped.
set -euo pipefail
fixture=$(realpath "$1")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/packages.sh"
install_packages "$2"
shift 2
mkdir -p "$packages/fixture"
cp "$here"/*.mjs "$packages/fixture/"

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

cd "$packages/fixture"
# The Inspector keeps notes in the home folder: it gets one of its own.
mkdir "$work/home"
MARTGATE_SCRATCH="$work/home" node fixture.mjs --url "$url" "$@" -- "$fixture" --stdio
