#!/bin/sh
# The first process of the container: makes a command of what was given, then becomes it.
#
#   docker run tandem                          tandem-server
#   docker run tandem --port 7000              tandem-server --port 7000
#   docker run tandem /etc/tandem.conf         tandem-server /etc/tandem.conf
#   docker run tandem redis-cli -h other       redis-cli -h other
set -eu

case "${1:-}" in
  '' | -* | *.conf) set -- tandem-server "$@" ;;
esac

case "${1##*/}" in
  tandem-server | redis-server) is_server=yes ;;
  *) is_server=no ;;
esac

# The server never runs as root. Files that root left in the data folder become its own first; where
# that is not allowed (a read-only mount), the server itself says what it cannot read.
if [ "$is_server" = yes ] && [ "$(id -u)" = 0 ]; then
  find . ! -user tandem -exec chown tandem:tandem '{}' + ||
    echo 'docker-entrypoint: some files in the data folder keep their owner' >&2
  exec setpriv --reuid=tandem --regid=tandem --clear-groups -- "$0" "$@"
fi

# Snapshots hold the data: only their owner may read them, unless someone chose another umask.
if [ "$(umask)" = 0022 ]; then
  umask 0077
fi

exec "$@"
