#!/usr/bin/env bash
# The published TypeScript clients against the program, over HTTP and stdio, with the demo company.
# run.sh MARTGATE FOLDER: FOLDER keeps the npm packages between runs. Exit code 77: skipped.
set -euo pipefail
martgate=$(realpath "$1")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(cd "$here/../.." && pwd)
mkdir -p "$2"
packages=$(realpath "$2")

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "skipped: node and npm are not here"
  exit 77
fi
if [ "$(node -p 'parseInt(process.versions.node)')" -lt 20 ]; then
  echo "skipped: node $(node --version) is older than 20"
  exit 77
fi
cp "$here/package.json" "$here/run.mjs" "$packages/"
if ! cmp -s "$packages/package.json" "$packages/.installed"; then
  if ! (cd "$packages" && npm install --no-audit --no-fund --no-package-lock --loglevel=error) >"$packages/npm.log" 2>&1; then
    echo "skipped: the npm packages could not be installed"
    exit 77
  fi
  cp "$packages/package.json" "$packages/.installed"
fi

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

cd "$packages"
node run.mjs --url "$url" --entity order --key 500001 -- \
  "$martgate" "${over[@]}" --state "$work/stdio" serve --stdio
