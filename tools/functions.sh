# Sourced by the other scripts: messages, and packages of the system.

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }

die() { printf 'error: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "'$*' needs root: run it as root, or install sudo"
    fi
}

# Install Debian packages without starting the services they bring.
apt_install() {
    command -v apt-get >/dev/null \
        || die "no apt-get here: install $* by hand, and start again"
    say "Installing $*"
    local policy=/usr/sbin/policy-rc.d made= failed=0
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
        made=yes
    fi
    # A stale list, or one broken source among many, need not stop it.
    as_root apt-get update -q >&2 </dev/null || say "apt-get update failed"
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "$@" >&2 </dev/null \
        || failed=1
    [ -z "$made" ] || as_root rm -f "$policy"
    [ "$failed" -eq 0 ] || die "apt-get could not install $*"
}
