#!/bin/sh
# Is the server of this container alive? It is asked where it really listens, whatever configuration,
# option or CONFIG SET chose the port: the sockets that our processes hold are looked up in the
# kernel's tables. A password is taken from REDISCLI_AUTH; without it, being asked for one is an
# answer as well. So is LOADING: restarting a server that loads makes nothing better.
set -u
proc=${PROC_FOLDER:-/proc}

sockets=$(ls -l "$proc"/[0-9]*/fd 2>/dev/null | sed -n 's/.*socket:\[\([0-9]*\)\].*/\1/p' | tr '\n' ' ')

# Lines of tcp and tcp6: number, address:port in hex, peer, state (0A = listening), ..., inode.
listening=$(awk -v sockets="$sockets" '
  BEGIN { count = split(sockets, list, " "); for (i = 1; i <= count; i++) ours[list[i]] = 1 }
  $4 == "0A" && ($10 in ours) { print $2; exit }
' "$proc/net/tcp" "$proc/net/tcp6" 2>/dev/null)

# Lines of unix: ..., flags (00010000 = listening), type, state, inode, path.
socket=$(awk -v sockets="$sockets" '
  BEGIN { count = split(sockets, list, " "); for (i = 1; i <= count; i++) ours[list[i]] = 1 }
  $4 == "00010000" && ($7 in ours) && $8 ~ /^\// { print $8; exit }
' "$proc/net/unix" 2>/dev/null)

if [ -n "$listening" ]; then
  address=${listening%:*}
  port=$(printf '%d' "0x${listening##*:}")
  case "$address" in
    00000000) host=127.0.0.1 ;;
    # An IPv4 address, its bytes in the order of the machine.
    ????????)
      host=$(echo "$address" | sed 's/\(..\)\(..\)\(..\)\(..\)/0x\4 0x\3 0x\2 0x\1/')
      # shellcheck disable=SC2086
      host=$(printf '%d.%d.%d.%d' $host)
      ;;
    00000000000000000000000000000000) host=::1 ;;
    # An IPv6 address: four words of four bytes, each in the order of the machine.
    *) host=$(echo "$address" | sed 's/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/g; s/..../&:/g; s/:$//') ;;
  esac
  reply=$(redis-cli -h "$host" -p "$port" ping 2>&1)
elif [ -n "$socket" ]; then
  reply=$(redis-cli -s "$socket" ping 2>&1)
elif [ "$(id -u)" = 0 ]; then
  # The check starts as root, but without CAP_SYS_PTRACE, which engines withhold, root cannot read
  # what files a process of another user has open. The server's own user can.
  exec setpriv --reuid=tandem --regid=tandem --clear-groups -- "$0"
else
  echo 'nothing listens'
  exit 1
fi

echo "$reply"
case "$reply" in
  *PONG* | *NOAUTH* | *LOADING* | *MASTERDOWN*) exit 0 ;;
  *) exit 1 ;;
esac
