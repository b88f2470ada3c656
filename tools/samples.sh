#!/bin/bash
# Generate the samples in etc/tachyon, or check that they are up to date.
#
# tools/samples.sh config|policy|check
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/functions.sh

# A library that the generators import warns of what Tachyon does not use.
export PYTHONWARNINGS=ignore

config() {
    oslo-config-generator \
        --config-file etc/oslo-config-generator/tachyon.conf \
        --output-file "$1"
}

policy() {
    oslopolicy-sample-generator --namespace tachyon --output-file "$1"
    # It only warns when it can't load the rules.
    grep -q '^#"' "$1" || die "no policy rules were found"
}

case "${1:-}" in
config)
    config etc/tachyon/tachyon.conf.sample
    ;;
policy)
    policy etc/tachyon/policy.yaml.sample
    ;;
check)
    new=$(mktemp -d)
    trap 'rm -rf "$new"' EXIT
    config "$new/tachyon.conf.sample"
    policy "$new/policy.yaml.sample"
    for sample in tachyon.conf.sample policy.yaml.sample; do
        diff -u "etc/tachyon/$sample" "$new/$sample" \
            || die "etc/tachyon/$sample is out of date: run make samples"
    done
    ;;
*)
    die "usage: tools/samples.sh config|policy|check"
    ;;
esac
