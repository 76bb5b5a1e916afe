#!/bin/sh
# Connects to office by IKEv2. Written by pulumi-vpn-gateway.
name=office
identity='id = alice'
umask 077
printf 'Password, and the six digits right behind it: ' >&2
if [ -t 0 ]; then stty -echo; fi
IFS= read -r secret || true
if [ -t 0 ]; then stty echo; echo >&2; fi

file=/etc/swanctl/conf.d/$name-code.conf
trap 'rm -f "$file"; swanctl --load-creds --noprompt >/dev/null' EXIT
encoded=$(printf %s "$secret" | base64 | tr -d '\n')
printf 'secrets {\n  eap-%s {\n    %s\n    secret = 0s%s\n  }\n}\n' "$name" "$identity" "$encoded" >"$file"
swanctl --load-all --noprompt >/dev/null
swanctl --initiate --child "$name"
