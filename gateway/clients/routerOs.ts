import { parseAddress } from "../addressing";
import { espProposals, ikeProposals } from "../cipherSuites";
import { renderRouteros, type RouterosCommand } from "../formats/routeros";
import { maximumSegmentSize, pathMtu } from "../mtu";
import { routerosWords } from "../site/devices/mikrotik";
import { isAead, parseProposal, type Proposal } from "../site/proposals";
import { ipv4Networks, tunnelScope, type ClientAccess } from "./access";
import { containerPath } from "./container";

export const routerOsPath = ({ spec }: ClientAccess): string => `router/${spec.name}.rsc`;

/**
 * A script for RouterOS 7 that dials by IKEv2: MikroTik's manual, IPsec, "RouterOS client configuration" and "Choosing what to
 * send over the tunnel". The gateway gives the router one address; with `connection-mark` the router translates to it what is
 * so marked, whoever behind it sent it. None for a name or a password that is not plain ASCII, which no script can carry.
 */
export function renderRouterOs(access: ClientAccess): string | undefined {
  const { spec, user, password, ikev2 } = access;
  if (ikev2 === undefined) throw new Error("RouterOS: no IKEv2");
  const { credential } = ikev2;
  const secret = credential === undefined ? password : credential.containerPassword;
  if (![user.name, secret].every((text) => /^[\x20-\x7e]*$/.test(text))) return undefined;
  const name = spec.name;
  const full = tunnelScope(access, "ikev2") === "full";
  const networks = ipv4Networks(access);
  const segment = String(maximumSegmentSize(pathMtu(spec).ikev2!, 4));
  // Where the names are told apart by their kind, which is as in the user's certificate.
  const id = (text: string) => `${parseAddress(text) !== undefined ? "address" : text.includes("@") ? "user-fqdn" : "fqdn"}:${text}`;
  const { ike, esp } = chosen(access);
  const container = containerPath(access, "legacy").split("/")[1];
  const mangle = (properties: RouterosCommand["properties"]): RouterosCommand => ({ menu: "/ip firewall mangle", action: "add", properties: [...properties, ["passthrough", "yes"], ["comment", name]] });
  const commands: RouterosCommand[] = [
    ...(ikev2.authority === undefined ? [] : [{ menu: "/certificate", action: "import", properties: [["file-name", "authority.crt"], ["passphrase", ""]] } as const]),
    ...(credential === undefined ? [] : [{ menu: "/certificate", action: "import", properties: [["file-name", container], ["passphrase", credential.containerPassword]] } as const]),
    {
      menu: "/ip ipsec profile",
      action: "add",
      properties: [["name", name], ["hash-algorithm", ike.integrity], ["enc-algorithm", ike.encryption], ["dh-group", ike.group!], ["dpd-interval", `${spec.deadPeerDelay}s`], ["dpd-maximum-failures", "4"], ["nat-traversal", "yes"]],
    },
    { menu: "/ip ipsec proposal", action: "add", properties: [["name", name], ["auth-algorithms", esp.integrity], ["enc-algorithms", esp.encryption], ["pfs-group", esp.group ?? "none"]] },
    { menu: "/ip ipsec policy group", action: "add", properties: [["name", name]] },
    { menu: "/ip ipsec policy", action: "add", properties: [["group", name], ["proposal", name], ["template", "yes"], ["src-address", "0.0.0.0/0"], ["dst-address", "0.0.0.0/0"]] },
    { menu: "/ip ipsec mode-config", action: "add", properties: [["name", name], ["responder", "no"], ["connection-mark", name]] },
    { menu: "/ip ipsec peer", action: "add", properties: [["name", name], ["address", spec.endpoint], ["exchange-mode", "ike2"], ["profile", name]] },
    {
      menu: "/ip ipsec identity",
      action: "add",
      properties: [
        ["peer", name],
        ...(credential === undefined
          ? ([["auth-method", "eap"], ["eap-methods", "eap-mschapv2"], ["certificate", ""], ["username", user.name], ["password", password]] as const)
          // What is imported has the file's name with a number.
          : ([["auth-method", "digital-signature"], ["certificate", `${container}_0`], ["my-id", id(user.name)]] as const)),
        ["remote-id", id(spec.endpoint)], ["generate-policy", "port-strict"], ["mode-config", name], ["policy-template-group", name],
      ],
    },
    ...(full ? [] : networks.map((network): RouterosCommand => ({ menu: "/ip firewall address-list", action: "add", properties: [["list", name], ["address", network], ["comment", name]] }))),
    mangle([["chain", "prerouting"], ["in-interface-list", "LAN"], ...(full ? ([["dst-address-type", "!local"]] as const) : ([["dst-address-list", name]] as const)), ["action", "mark-connection"], ["new-connection-mark", name]]),
    // What comes back, and what goes out: SYN tells the other side how much it may send.
    ...["in,ipsec", "out,ipsec"].map((policy) => mangle([["chain", "forward"], ["connection-mark", name], ["ipsec-policy", policy], ["protocol", "tcp"], ["tcp-flags", "syn"], ["tcp-mss", `!0-${segment}`], ["action", "change-mss"], ["new-mss", segment]])),
  ];
  return renderRouteros(commands, heading(access, full ? 1 : networks.length, container));
}

function heading({ spec, ikev2 }: ClientAccess, networks: number, container: string): string {
  const trusted = ikev2!.authority === undefined ? ["The router must trust the public CA of the gateway's certificate: RouterOS of itself may know none (/certificate)."] : [];
  const files = [...(ikev2!.authority === undefined ? [] : ["authority.crt"]), ...(ikev2!.credential === undefined ? [] : [container])];
  return [
    `IKEv2 to ${spec.name} for RouterOS 7. Written by pulumi-vpn-gateway, after MikroTik's manual, and not run on a router.`,
    `It holds secrets. ${files.length > 0 ? `Put ${files.join(" and ")} on the router beside it, then: ` : ""}/import file-name=${spec.name}.rsc`,
    ...trusted,
    "LAN is the interface list of RouterOS' own default configuration: what comes in by it may use the tunnel.",
    "A FastTrack rule passes the tunnel by: give it connection-mark=no-mark.",
    ...(networks > 1 ? ["RouterOS may take but the first of several networks into one SA: look at /ip ipsec policy print."] : []),
  ].join("\n");
}

interface Chosen {
  encryption: string;
  integrity: string;
  group?: string;
}

/** The strongest that the gateway offers and RouterOS knows: one of each, since a profile has no AES-GCM and knows no X25519. */
function chosen({ spec }: ClientAccess): { ike: Chosen; esp: Chosen } {
  const first = (proposals: readonly string[], words: typeof routerosWords.ike, aead: boolean): Chosen => {
    for (const text of proposals) {
      const proposal = parseProposal(text);
      const word = (kind: keyof Proposal) => proposal[kind].map((each) => words[kind]?.[each]).find((each) => each !== undefined);
      const [encryption, integrity] = [word("encryption"), word("integrity")];
      if (encryption === undefined) continue;
      if (aead && isAead(proposal.encryption[0])) return { encryption, integrity: "", group: word("groups") };
      if (integrity !== undefined) return { encryption, integrity, group: word("groups") };
    }
    throw new Error(`RouterOS: knows none of the proposals: ${proposals.join(", ")}`);
  };
  return { ike: first(ikeProposals("ikev2", spec.clients), routerosWords.ike, false), esp: first(espProposals("ikev2", spec.clients), routerosWords.esp, true) };
}
