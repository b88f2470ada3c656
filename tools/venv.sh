#!/bin/bash
# Make the virtual environment and install Tachyon into it, editable.
#
# tools/venv.sh DIR [tests|bench]    with "tests", what the tests need as well;
#                                    with "bench", what the benchmark needs too
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/functions.sh

venv=$1
what=${2:-runtime}
python=${PYTHON:-python3}

command -v "$python" >/dev/null || die "no $python here"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
    || die "$("$python" --version) is too old: Tachyon needs 3.11 or later"
if [ ! -x "$venv/bin/pip" ]; then
    "$python" -c 'import ensurepip, venv' 2>/dev/null \
        || apt_install python3-venv
    say "Making the virtual environment $venv"
    "$python" -m venv --clear "$venv"
fi

# pbr asks git for the version; a tree that git does not know has none.
if ! git describe --always >/dev/null 2>&1; then
    export PBR_VERSION=${PBR_VERSION:-0.0.0}
fi
export SKIP_GENERATE_AUTHORS=1 SKIP_WRITE_GIT_CHANGELOG=1
export PIP_DISABLE_PIP_VERSION_CHECK=1

install() {
    # What is imported gets compiled then; that is a part of what comes.
    "$venv/bin/pip" install --no-input --progress-bar off --no-compile \
        --constraint constraints.txt "$@" \
        | sed -un -e 's/^Collecting \([^ ;]*\).*/    \1/p' \
                  -e '/^ERROR/p'
}

say "Installing Tachyon"
install --editable .
if [ "$what" != runtime ]; then
    say "Installing what the tests need"
    install --requirement test-requirements.txt
fi
if [ "$what" = bench ]; then
    say "Installing what the benchmark needs"
    install --requirement tests/benchmark/requirements.txt
fi
