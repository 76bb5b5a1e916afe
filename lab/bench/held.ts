/** What sessions hold on a gateway, by what it is called: all of it must be given back. */
export type Held = Record<string, number>;

const counter = "count() { wc -l | tr -d ' '; }";
const descriptors = (pid: string) => `ls /proc/${pid}/fd | count`;
/** What is counted by a word of shell on the gateway. */
const counted: Record<string, string> = {
  pppd: "pgrep -x pppd | count",
  "PPP interfaces": "ls /sys/class/net | grep -c ^ppp",
  "descriptors of charon": descriptors("$(pgrep -ox charon-systemd)"),
  "descriptors of xl2tpd": descriptors("$(pgrep -ox xl2tpd)"),
  "descriptors of the keeper": descriptors("$(systemctl show -p MainPID --value vpn-gateway-keeper)"),
  states: "ip xfrm state | grep -c ^src",
  policies: "ip xfrm policy | grep -c ^src",
  leases: "swanctl --get-pools --leases | grep -c online",
  "L2TP tunnels": "ip l2tp show tunnel | grep -c ^Tunnel",
  "L2TP sessions": "ip l2tp show session | grep -c ^Session",
  "queues' classes": "for way in down up; do tc class show dev vpn-rate-$way; done | grep -c ^class",
};
const mark = "-- ";

/** A script whose words `readHeld` reads. */
export const heldScript = [
  counter,
  ...Object.entries(counted).map(([what, how]) => `echo "${what}=$(${how})"`),
  `echo '${mark}'; nft -j list ruleset; echo '${mark}'; grep -E 'dport=1701 | src=10\\.77\\.' /proc/net/nf_conntrack; true`,
].join("\n");

/** @throws Error where a kind was not counted: what is not seen cannot be said to be given back. */
export function readHeld(said: string): Held {
  const [counts, ruleset, connections] = said.split(`${mark}\n`);
  const found: Held = {};
  for (const what of Object.keys(counted)) {
    const count = counts.split("\n").find((line) => line.startsWith(`${what}=`))?.slice(what.length + 1);
    if (count === undefined || !/^\d+$/.test(count)) throw new Error(`${what} could not be counted on the gateway: ${count ?? "nothing was said"}`);
    found[what] = Number(count);
  }
  return { ...found, ...elements(ruleset), ...connectionsOf(connections ?? "") };
}

interface Listed {
  table: string;
  name: string;
  elem?: unknown[];
}

/** Elements of each set and map of the firewall by table and name: a sum would hide one that grows behind one that shrinks. */
export function elements(ruleset: string): Held {
  const { nftables } = JSON.parse(ruleset) as { nftables: Record<string, Listed>[] };
  const found: Held = {};
  for (const entry of nftables)
    for (const kind of ["set", "map", "meter"]) {
      const listed = entry[kind] as Listed | undefined;
      if (listed !== undefined) found[`elements of ${listed.table} ${listed.name}`] = listed.elem?.length ?? 0;
    }
  return found;
}

/** Of conntrack: L2TP's own, and what clients have begun from their inner addresses. */
function connectionsOf(listed: string): Held {
  const lines = listed.split("\n").filter((line) => line !== "");
  const l2tp = lines.filter((line) => line.includes(" dport=1701 ")).length;
  return { "conntrack entries of UDP 1701": l2tp, "conntrack entries of clients": lines.length - l2tp };
}

/** What is held beyond what was, by kind; a kind that was not there before counts whole. */
export function beyond(before: Held, after: Held): Held {
  return Object.fromEntries(Object.entries(after).map(([what, count]) => [what, count - (before[what] ?? 0)] as const).filter(([, more]) => more > 0));
}

export const sum = (held: Held): number => Object.values(held).reduce((total, count) => total + count, 0);

/** Something of each kind that a gateway could leave behind, left behind on purpose; and the way back. */
export interface Planted {
  /** By kind, as `readHeld` calls it. */
  what: Held;
  plant: string;
  remove: string;
}

const stray = "198.18.0.77";
const sets: [table: string, name: string, key: string, data?: string][] = [
  ["vpn_gateway", "ikev1_first4", `${stray} . 500`],
  ["vpn_gateway_users", "l2tp4", `4242 . ${stray}`, "accept"],
  ["vpn_gateway_users", "ikev2_4", stray, "accept"],
  ["vpn_gateway_users", "from4", stray],
  ["vpn_gateway_users", "to4", stray],
  ["vpn_gateway_rates", "rated4", stray, "0x52404242"],
];
const state = `src ${stray} dst 198.18.0.78 proto esp spi 0x4242`;
const policy = `src ${stray}/32 dst 198.18.0.78/32 dir out`;
const [unit, keeper] = ["bench-planted", "vpn-gateway-keeper"];
/** Whoever is connected to charon's socket is a descriptor of charon's. */
const descriptor = `import socket, time; s = socket.socket(socket.AF_UNIX); s.connect("/run/charon.vici"); time.sleep(600)`;
const connection = `import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("${stray}", 1701))`;

export const planted: Planted = {
  what: {
    ...Object.fromEntries(sets.map(([table, name]) => [`elements of ${table} ${name}`, 1])),
    "descriptors of charon": 1,
    states: 1,
    policies: 1,
    "conntrack entries of UDP 1701": 1,
  },
  plant: [
    "set -e",
    // It would put right within seconds what it has not written itself.
    `systemctl kill -s STOP ${keeper}`,
    ...sets.map(([table, name, key, data]) => `nft add element inet ${table} ${name} '{ ${key}${data === undefined ? "" : ` : ${data}`} }'`),
    `ip xfrm state add ${state} mode transport aead 'rfc4106(gcm(aes))' 0x${"42".repeat(20)} 128`,
    `ip xfrm policy add ${policy} tmpl proto esp mode transport`,
    `systemd-run -q --unit=${unit} python3 -c '${descriptor}'`,
    `python3 -c '${connection}'; sleep 1`,
  ].join("\n"),
  remove: [
    ...sets.map(([table, name, key]) => `nft delete element inet ${table} ${name} '{ ${key} }' 2>/dev/null`),
    `ip xfrm policy delete ${policy}; ip xfrm state delete ${state}; systemctl stop ${unit}; systemctl kill -s CONT ${keeper}; true`,
  ].join("\n"),
};
