#!/bin/bash
# Install what the tests need of the system, as root or with sudo. Idempotent.
#
# RabbitMQ: the integration tests start a node of their own; none is left
# running by the installation. systemd: it checks the units, and is not run.
# MariaDB and PostgreSQL: the servers, of which the tests start their own.
# Neo4j: its server is fetched by Maven, and run by a JDK.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/functions.sh

missing=()
[ -x /usr/sbin/rabbitmq-server ] || missing+=(rabbitmq-server)
[ -x /usr/sbin/mariadbd ] || missing+=(mariadb-server-core)
compgen -G "/usr/lib/postgresql/*/bin/postgres" >/dev/null \
    || missing+=(postgresql)
command -v javac >/dev/null || missing+=(default-jdk-headless)
command -v mvn >/dev/null || missing+=(maven)
command -v systemd-analyze >/dev/null || missing+=(systemd)
if [ "${#missing[@]}" -gt 0 ]; then
    apt_install "${missing[@]}"
fi
