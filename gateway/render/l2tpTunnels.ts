import type { Chain, LiveSet, NumberPairs, Rule } from "../formats/nft";

/**
 * What may make a new tunnel in xl2tpd. Each packet for tunnel 0 makes it take about 9 KB at once (`get_call`), and where its
 * `check_control` then refuses the packet nothing ever gives them back: whoever knows the pre-shared key could fill the
 * machine's memory. So what is no whole SCCRQ (RFC 2661, 3.1, 4.4.1, 5.8 and 6.1) does not reach it.
 */

const dropped = "counter drop";
/** Of UDP, in bytes: header of UDP and of L2TP, and the message type. The rest is names and a challenge (RFC 2661, 6.1), some tens of bytes as a rule. */
const [least, most] = [8 + 12 + 8, 400];

/** UDP's length beside L2TP's own, which must be 8 less; nft cannot compare two fields of a packet. */
export const l2tpLengths: NumberPairs = {
  name: "l2tp_lengths",
  key: "udp length . udp length",
  elements: Array.from({ length: most - least + 1 }, (_, index) => [least + index, least + index - 8] as const),
};

export const l2tpFirst: LiveSet = { name: "l2tp_first4", key: "ipv4_addr . inet_service", timeout: 60 };

/** In `input`, before what looks at connections. */
export const l2tpRules: Rule[] = [{ rule: "udp dport 1701 jump l2tp_packets" }];

/** Offsets are bits from UDP's header. */
export const l2tpChains: Chain[] = [
  {
    name: "l2tp_packets",
    rules: [
      { rule: `udp length < 16 ${dropped}`, why: "Shorter than any header of L2TP with something in it." },
      { rule: "@th,64,8 & 0x80 == 0x80 goto l2tp_control", why: "L2TP's control messages: what is malformed costs xl2tpd memory for good." },
      { rule: `@th,64,8 & 0xc0 == 0x00 @th,80,16 0 ${dropped}`, why: "Data of no tunnel, without and with a length." },
      { rule: `@th,64,8 & 0xc0 == 0x40 @th,96,16 0 ${dropped}` },
    ],
  },
  {
    name: "l2tp_control",
    rules: [
      { rule: `udp length < 20 ${dropped}` },
      { rule: `@th,64,16 != 0xc802 ${dropped}`, why: "RFC 2661, 3.1: with length and sequence numbers, version 2." },
      { rule: "@th,96,16 0 goto l2tp_begins" },
    ],
  },
  {
    name: "l2tp_begins",
    rules: [
      {
        rule: `update @l2tp_first4 { ip saddr . udp sport limit rate over 10/second burst 100 packets } ${dropped}`,
        why: "A tunnel that nobody goes on with is kept for half a minute.",
      },
      { rule: "@th,112,48 0 @th,160,64 0x8008000000000001 udp length . @th,80,16 @l2tp_lengths return", why: "A whole SCCRQ, the first of its sender's messages." },
      { rule: dropped },
    ],
  },
];
