import { hostNetwork, network, parseAddress, type Family, type Network } from "../addressing";
import { clientFamilies } from "../clientPools";
import { renderNft, type Chain, type LiveSet, type Rule } from "../formats/nft";
import { answersGrant } from "../radius";
import type { GatewaySpec, GroupSpec, ReachSpec, UserSpec } from "../spec";
import { chainOf, hasPolicies, isRestricted } from "../users";
import { clientSets, familyWord } from "./clientSets";

/**
 * What each user may reach, as a table beside the firewall's: it only ever drops what the firewall would let through.
 *
 * Whose packet it is, is told by the session: with L2TP by the index of its PPP interface, which no later one gets, and
 * the address that the firewall's prerouting ties to it; with IKEv2 by the inner address, which the kernel takes from
 * that user's SA alone (its policy and traffic selector). `vpn-gateway keep` writes both down as sessions come and go,
 * and what is of no session that it knows does not pass.
 */
export function renderPolicies(spec: GatewaySpec): string {
  if (!hasPolicies(spec)) throw new Error("policies: this spec has none");
  const families = clientFamilies(spec);
  return renderNft(
    {
      family: "inet",
      name: "vpn_gateway_users",
      sets: clientSets(spec),
      live: families.flatMap(liveSets),
      chains: [
        ...(spec.groups ?? []).map((group) => groupChain(group)),
        ...spec.users.filter(isRestricted).map((user) => userChain(spec, user)),
        ...(answersGrant(spec) ? (spec.groups ?? []).map((group) => filterChain(spec, group)) : []),
        counting(families),
        deciding(families),
      ],
    },
    `What the users of ${spec.name} may reach. Written by pulumi-vpn-gateway.`,
  );
}

function liveSets(family: Family): LiveSet[] {
  const address = `ipv${family}_addr`;
  return [
    ...(family === 4 ? [{ name: "l2tp4", key: `iface_index . ${address}`, verdicts: true }] : []),
    { name: `ikev2_${family}`, key: address, verdicts: true },
    { name: `from${family}`, key: address, counter: true },
    { name: `to${family}`, key: address, counter: true },
  ];
}

/** Before anything is decided, so that it counts what the user sent and not what was let through. */
function counting(families: Family[]): Chain {
  return {
    name: "counting",
    hook: "type filter hook forward priority filter - 10; policy accept;",
    rules: families.flatMap((family) => [{ rule: `${familyWord[family]} saddr @from${family}` }, { rule: `${familyWord[family]} daddr @to${family}` }]),
  };
}

function deciding(families: Family[]): Chain {
  return {
    name: "deciding",
    hook: "type filter hook forward priority filter + 10; policy accept;",
    rules: [
      { rule: "ct direction reply accept", why: "Answers. Every packet of what a client began is looked at, so that a policy holds for what is under way, too." },
      ...families.flatMap((family): Rule[] => {
        const ip = familyWord[family];
        return [
          ...(family === 4 ? [{ rule: 'iifname "ppp*" meta iif . ip saddr vmap @l2tp4' }] : []),
          { rule: `meta ipsec exists ${ip} saddr vmap @ikev2_${family}` },
          { rule: `${ip} saddr @clients${family} counter drop` },
        ];
      }),
    ],
  };
}

function groupChain({ name, reach }: GroupSpec): Chain {
  return { name: groupName(name), rules: reach.flatMap(accepts) };
}

/** What a session may reach to which a RADIUS server gives the group's name as Filter-Id. */
function filterChain(spec: GatewaySpec, { name }: GroupSpec): Chain {
  return { name: filterName(name), rules: [{ rule: `jump ${groupName(name)}`, why: `Filter-Id ${JSON.stringify(name)}.` }, ...nameServers(spec.dns), { rule: "counter drop" }] };
}

/** The chain of a Filter-Id. */
export function filterName(group: string): string {
  return `filter_${group.replaceAll("-", "_")}`;
}

function nameServers(dns: string[]): Rule[] {
  const servers = [...new Set(dns)].map((text) => hostNetwork(parseAddress(text)!));
  return destinations(servers).map((to) => ({ rule: `${to} meta l4proto { tcp, udp } th dport 53 accept` }));
}

function groupName(name: string): string {
  return `group_${name.replaceAll("-", "_")}`;
}

function userChain(spec: GatewaySpec, user: UserSpec): Chain {
  return {
    name: chainOf(user.name),
    rules: [
      ...(user.groups ?? []).map((group) => ({ rule: `jump ${groupName(group)}` })),
      ...(user.reach ?? []).flatMap(accepts),
      ...nameServers([...spec.dns, ...(user.dns ?? [])]),
      { rule: "counter drop" },
    ].map((rule, index) => (index === 0 ? { ...rule, why: `User ${JSON.stringify(user.name)}.` } : rule)),
  };
}

function accepts({ networks, tcp, udp }: ReachSpec): Rule[] {
  return destinations(networks.map(network)).flatMap((to) => {
    if (tcp === undefined && udp === undefined) return [{ rule: `${to} accept` }];
    return ([["tcp", tcp], ["udp", udp]] as const).flatMap(([protocol, ports]) =>
      ports === undefined || ports.length === 0 ? [] : [{ rule: `${to} ${protocol} dport { ${ports.join(", ")} } accept` }],
    );
  });
}

/** Networks as a match for each family. */
function destinations(networks: Network[]): string[] {
  return ([4, 6] as const).flatMap((family) => {
    const own = networks.filter((one) => one.family === family).map(({ text }) => text);
    return own.length === 0 ? [] : [`${familyWord[family]} daddr { ${[...new Set(own)].join(", ")} }`];
  });
}
