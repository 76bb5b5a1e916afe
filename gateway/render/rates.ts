import { clientFamilies, clientPools } from "../clientPools";
import { renderNft, type Chain, type Rule } from "../formats/nft";
import { lacInterfaces } from "../lac/names";
import { hasRates, kilobits } from "../rates";
import { siteInterfaces } from "../site/names";
import type { GatewaySpec } from "../spec";
import { clientSets, familyWord } from "./clientSets";

/**
 * Users' rates: which packet waits in whose queue. The queues themselves are `vpn-gateway keep`'s (host/vpn_gateway/rates.py):
 * two interfaces of type ifb, one a way, with a class of HTB for each user who is connected and CAKE in it.
 *
 * Both ways are held before encryption. Behind it a packet that overtakes others is dropped by the client as a replay
 * (RFC 4303, 3.4.3; Linux' window is 32 packets by default), and nobody sees the flows in it. So what goes to a client waits
 * where it comes in, told by the mark that its connection got when it began; what comes from a client waits where it goes
 * out in clear, after the firewall has judged it. Whose it is, says the inner address, which the firewall and the SA's
 * policy tie to the session (render/policies.ts).
 */
export function renderRates(spec: GatewaySpec): string {
  if (!hasRates(spec)) throw new Error("rates: this spec has none");
  const families = clientFamilies(spec);
  return renderNft(
    {
      family: "inet",
      name: "vpn_gateway_rates",
      sets: clientSets(spec),
      live: families.map((family) => ({ name: `rated${family}`, key: `ipv${family}_addr`, marks: true })),
      chains: [waited(), ...families.flatMap((family) => [from(spec, family), to(spec, family)]), telling(families)],
    },
    `Who of the users of ${spec.name} waits in which queue. Written by pulumi-vpn-gateway.`,
  );
}

/** What the keeper makes the queues by, beside the rates in the list of users: kbit/s. */
export function renderRateSettings(spec: GatewaySpec): string {
  const settings = { pools: clientPools(spec).map(({ text }) => text), ...(spec.uplink === undefined ? {} : { uplink: kilobits(spec.uplink) }) };
  return `${JSON.stringify(settings, undefined, 2)}\n`;
}

/** In Debian's stock and cloud kernels and in Ubuntu's. */
export const rateModules = ["ifb", "sch_ingress", "sch_htb", "sch_cake", "sch_fq_codel", "cls_fw", "cls_flower", "cls_matchall", "act_mirred", "act_connmark", "act_skbedit"];

/** A mark is the class's own number: HTB's major number in the upper half, beyond what strongSwan counts its marks to. */
export const rateMark = 0x52400000;
/** The class of those who have no rate, where all together have one. */
const everybody = rateMark + 1;
const marked = (what: "meta" | "ct") => `${what} mark & 0xffff0000 == ${hexadecimal(rateMark)}`;

function hexadecimal(number: number): string {
  return `0x${number.toString(16)}`;
}

function waited(): Chain {
  return {
    name: "waited",
    hook: "type filter hook prerouting priority raw - 10; policy accept;",
    rules: [{ rule: `${marked("meta")} meta mark set 0`, why: "It has waited: nothing else shall know the mark." }],
  };
}

function telling(families: (4 | 6)[]): Chain {
  return {
    name: "telling",
    hook: "type filter hook forward priority filter + 20; policy accept;",
    rules: families.flatMap((family): Rule[] => [
      {
        rule: `${familyWord[family]} saddr @clients${family} ${familyWord[family]} daddr @clients${family} accept`,
        why: "Between clients no packet is in clear outside: no queue holds it.",
      },
      { rule: `${familyWord[family]} saddr @clients${family} goto from${family}` },
      { rule: `${familyWord[family]} daddr @clients${family} goto to${family}` },
    ]),
  };
}

function from(spec: GatewaySpec, family: 4 | 6): Chain {
  const ofUser = `${familyWord[family]} saddr map @rated${family}`;
  return {
    name: `from${family}`,
    rules: [
      { rule: `ct mark set ${ofUser}`, why: "What comes back is known by this where it comes in." },
      ...(spec.sites ? [{ rule: "rt ipsec exists accept", why: "Into a site's tunnel." }, { rule: `oifname "${siteInterfaces}" accept` }] : []),
      ...(spec.lac ? [{ rule: `oifname "${lacInterfaces}" accept` }] : []),
      { rule: `meta mark set ${ofUser} accept` },
      ...(spec.uplink === undefined ? [forgotten()] : [{ rule: `ct mark set ${hexadecimal(everybody)} meta mark set ${hexadecimal(everybody)}` }]),
    ],
  };
}

function to(spec: GatewaySpec, family: 4 | 6): Chain {
  return {
    name: `to${family}`,
    rules: [
      { rule: `ct mark set ${familyWord[family]} daddr map @rated${family} accept` },
      spec.uplink === undefined ? forgotten() : { rule: `ct mark set ${hexadecimal(everybody)}` },
    ],
  };
}

/** Of a user who has no rate any more, or an address that had another user. */
function forgotten(): Rule {
  return { rule: `${marked("ct")} ct mark set 0` };
}
