#!/bin/bash
# Build the documentation into doc/build/html; a warning is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

sphinx-build -W --keep-going -q -b html \
    -d doc/build/doctrees doc/source doc/build/html
echo "doc/build/html/index.html"
