import { renderShell } from "../formats/shell";
import { renderStrongswanConf, setting } from "../formats/strongswanConf";
import { swanctlIdentity } from "../render/identity";
import { ikev2Name, l2tpName, pppPassword } from "./linux";
import type { ClientAccess } from "./access";

/** Asks for what is typed at each connection, and shows none of it. */
const ask = String.raw`
umask 077
printf 'Password, and the six digits right behind it: ' >&2
if [ -t 0 ]; then stty -echo; fi
IFS= read -r secret || true
if [ -t 0 ]; then stty echo; echo >&2; fi
`;

/** For a user with one-time codes: no file keeps what is typed. swanctl forgets each secret that its files no longer have. */
export function renderConnectIkev2(access: ClientAccess): string {
  const { spec, user } = access;
  return renderShell(
    { name: ikev2Name(access), identity: renderStrongswanConf([setting("id", swanctlIdentity(user.name))]).trim() },
    String.raw`${ask}
file=/etc/swanctl/conf.d/$name-code.conf
trap 'rm -f "$file"; swanctl --load-creds --noprompt >/dev/null' EXIT
encoded=$(printf %s "$secret" | base64 | tr -d '\n')
printf 'secrets {\n  eap-%s {\n    %s\n    secret = 0s%s\n  }\n}\n' "$name" "$identity" "$encoded" >"$file"
swanctl --load-all --noprompt >/dev/null
swanctl --initiate --child "$name"
`,
    `Connects to ${spec.name} by IKEv2. Written by pulumi-vpn-gateway.`,
  );
}

/** pppd reads the file while it starts, and has its process's number written once it has. */
export function renderConnectL2tp(access: ClientAccess): string {
  const { spec } = access;
  return renderShell(
    { name: l2tpName(access), file: pppPassword(access) },
    String.raw`${ask}
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
`,
    `Connects to ${spec.name} by L2TP. Written by pulumi-vpn-gateway.`,
  );
}
