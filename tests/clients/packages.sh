# For run.sh of the tests that need npm: install_packages FOLDER puts the pinned packages there, once, sets
# `packages` to it and puts its node 22 in front of the system's. Exit code 77, a skipped test, when npm or the
# network is missing.
install_packages() {
  local here
  here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "skipped: node and npm are not here"
    exit 77
  fi
  mkdir -p "$1"
  packages=$(realpath "$1")
  # Tests that run at the same time share the folder.
  exec 9>"$packages/.lock"
  flock 9
  if ! cmp -s "$here/package.json" "$packages/.installed"; then
    cp "$here/package.json" "$packages/"
    if ! (cd "$packages" && npm install --no-audit --no-fund --no-package-lock --loglevel=error) >"$packages/npm.log" 2>&1; then
      echo "skipped: the npm packages could not be installed"
      exit 77
    fi
    cp "$here/package.json" "$packages/.installed"
  fi
  exec 9>&-
  PATH="$packages/node_modules/.bin:$PATH"
  case $(node --version) in
    v22.*) ;;
    *)
      echo "skipped: npm brought no node 22, and the suite and the Inspector need it"
      exit 77
      ;;
  esac
}
