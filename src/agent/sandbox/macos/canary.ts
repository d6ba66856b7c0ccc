/**
 * As the canary of Linux: tries what a robot must not be able to, and says each thing that it could. $1 to $6 as
 * there, $7 whether the network is `private`, $8 a port of this machine's loopback.
 */
export const CANARY = `
( : < "$1" ) 2>/dev/null && echo files
( : > "$2" ) 2>/dev/null && echo files
( : > "$3" ) 2>/dev/null || echo own-files
/usr/bin/nc -w 2 -U "$4" < /dev/null > /dev/null 2>&1 && echo sockets
kill -0 "$5" 2>/dev/null && echo signals
if [ "$6" = strict ]; then
  ( : < /private/etc/sudoers ) 2>/dev/null && echo files
  [ -e /Applications ] && echo files
fi
if [ "$7" = private ]; then
  /usr/bin/nc -w 2 -z 127.0.0.1 "$8" > /dev/null 2>&1 && echo network
fi
echo ended
`;
