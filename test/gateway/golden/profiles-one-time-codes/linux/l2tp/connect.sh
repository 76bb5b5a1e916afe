#!/bin/sh
# Connects to office by L2TP. Written by pulumi-vpn-gateway.
name=office-l2tp
file=/run/office-l2tp.code
umask 077
printf 'Password, and the six digits right behind it: ' >&2
if [ -t 0 ]; then stty -echo; fi
IFS= read -r secret || true
if [ -t 0 ]; then stty echo; echo >&2; fi

trap 'rm -f "$file"' EXIT
printf 'password "%s"\n' "$(printf %s "$secret" | sed 's/[\\"]/\\&/g')" >"$file"
swanctl --load-all --noprompt >/dev/null
swanctl --initiate --child "$name"
systemctl restart xl2tpd
sleep 1
xl2tpd-control connect-lac "$name"
for _ in 1 2 3 4 5 6 7 8 9 10; do
  if [ -e "/run/ppp-$name.pid" ]; then break; fi
  sleep 1
done
