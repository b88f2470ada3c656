#!/bin/bash
# Write constraints.txt: what a fresh installation gets today.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/functions.sh

venv=$(mktemp -d)
trap 'rm -rf "$venv"' EXIT
"${PYTHON:-python3}" -m venv "$venv"
say "Installing everything, newest first"
"$venv/bin/pip" install -q --no-input --upgrade pip
"$venv/bin/pip" install -q --no-input -e . -r test-requirements.txt \
    -r tests/benchmark/requirements.txt
{
    echo "# What the tests ran with. Written by tools/constraints.sh."
    "$venv/bin/pip" freeze --exclude-editable
} > constraints.txt
