/**
 * Tries what a robot must not be able to, and says each thing that it could. $1 is a file that is hidden, $2 one
 * that may not be made, $3 one that may, $4 a socket, $5 the agent's pid, $6 the level. Built-ins alone, so that it
 * costs one process; the marker's word proves that it came to its end.
 */
export const CANARY = `
[ -e "$1" ] && echo files
( : > "$2" ) 2>/dev/null && echo files
( : > "$3" ) 2>/dev/null || echo own-files
[ -e "$4" ] && echo sockets
[ -w /proc/sys/kernel/core_pattern ] && echo kernel
[ -d "/proc/$5/task" ] && [ "$5" -gt 99 ] && echo processes
n=0; for p in /proc/[0-9]*; do n=$((n+1)); done
[ "$n" -gt 9 ] && echo processes
seccomp=; caps=; news=
while read -r name value rest; do
  case $name in Seccomp:) seccomp=$value;; CapEff:) caps=$value;; NoNewPrivs:) news=$value;; esac
done < /proc/self/status
[ "$seccomp" = 2 ] || echo syscalls
case $caps in *[!0]*) echo capabilities;; esac
[ "$news" = 1 ] || echo capabilities
if [ "$6" = strict ]; then
  [ -e /sys/kernel ] && echo files
  [ -e /etc/hostname ] && echo files
fi
if [ "$7" = private ]; then
  while read -r name rest; do
    case $name in lo:*|Inter-*|face) ;; *:*) echo network;; esac
  done < /proc/net/dev
fi
echo ended
`;
