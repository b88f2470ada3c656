#!/bin/bash
# Check style, types and samples; every check runs, whatever the others say.
set -uo pipefail
cd "$(dirname "$0")/.."
. tools/functions.sh

failed=0
check() {
    say "$*"
    "$@" || failed=1
}
check ruff check .
check mypy
check bash tools/samples.sh check
exit $failed
