#!/usr/bin/env bash
# The published TypeScript clients against the program, over HTTP and stdio, with the demo company.
# run.sh MARTGATE FOLDER: FOLDER keeps the npm packages between runs. Exit code 77: skipped.
set -euo pipefail
martgate=$(realpath "$1")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(cd "$here/../.." && pwd)
. "$here/packages.sh"
install_packages "$2"
mkdir -p "$packages/clients"
cp "$here"/*.mjs "$packages/clients/"

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

over=(-C "$project" --data "$work/data" --quiet)
"$martgate" "${over[@]}" demo-data --out "$work/data" >/dev/null
for state in http stdio; do "$martgate" "${over[@]}" --state "$work/$state" build >/dev/null; done

mkfifo "$work/ready"
"$martgate" "${over[@]}" --state "$work/http" serve --http 127.0.0.1:0 >"$work/ready" &
server=$!
read -r line <"$work/ready"
url=$(grep -oE 'http://[0-9.:]+/mcp' <<<"$line")

cd "$packages/clients"
node run.mjs --url "$url" --entity order --key 500001 -- \
  "$martgate" "${over[@]}" --state "$work/stdio" serve --stdio
