/** One thing that is set otherwise on a running gateway, to see what it does to goodput. */
export interface Tuning {
  name: string;
  /** Ours has it, and here it is taken away; else it is added. */
  shipped: boolean;
  /** Shell on the gateway; both leave the sessions up. */
  change: string;
  undo: string;
  protocols: readonly ("l2tp" | "ikev2")[];
  /** Why it could act, or what is known of it. */
  remark?: string;
}

/** A client whose session was made otherwise: compared with the one of ours that differs in nothing else. */
export interface SessionTuning {
  name: string;
  shipped: boolean;
  protocol: "l2tp" | "ikev2";
  client: number;
  /** sed on the gateway's files while it connects. */
  swanctl?: string;
  ppp?: string;
  pppMtu?: number;
  remark?: string;
}

const both = ["l2tp", "ikev2"] as const;
const cards = (command: string) => `for card in wan0 lan0; do ${command.replaceAll("CARD", "$card")}; done`;
const sessions = (command: string) => `for card in $(ls /sys/class/net | grep '^ppp'); do ${command.replaceAll("CARD", "$card")}; done`;
const ours = "nft flush ruleset; nft -f /run/bench/ours.nft";

/** Nothing is changed: what two equal measurements differ by. */
export const nothing: Tuning = { name: "nothing changed", shipped: false, change: "true", undo: "true", protocols: both, remark: "the noise of this run" };

export const tunings: Tuning[] = [
  {
    name: "firewall removed",
    shipped: true,
    change: "nft flush ruleset; nft -f /run/bench/none.nft",
    undo: ours,
    protocols: both,
    remark: "what its rules cost, but for those that tell L2TP clients behind one NAT apart; it ships for safety",
  },
  {
    name: "MSS clamp removed",
    shipped: true,
    change: "nft flush chain inet vpn_gateway clamp",
    undo: ours,
    protocols: both,
    remark: "the path here says its MTU; see the functional part for one that does not",
  },
  {
    name: "GRO off on both cards",
    shipped: false,
    change: cards("ethtool -K CARD gro off"),
    undo: cards("ethtool -K CARD gro on"),
    protocols: both,
    remark: "the kernel's default is on",
  },
  {
    name: "nft flow offload",
    shipped: false,
    change:
      `devices=$(ls /sys/class/net | grep -E '^(wan0|lan0|ppp[0-9]+)$' | paste -sd,); ` +
      `nft "add flowtable inet vpn_gateway fast { hook ingress priority 0; devices = { $devices }; }"; ` +
      `nft insert rule inet vpn_gateway forward meta l4proto tcp ct state established flow add @fast`,
    undo: ours,
    protocols: both,
  },
  {
    name: "BBR and fq on the gateway",
    shipped: false,
    change: `modprobe tcp_bbr; sysctl -qw net.ipv4.tcp_congestion_control=bbr; ${cards("tc qdisc replace dev CARD root fq")}`,
    undo: `sysctl -qw net.ipv4.tcp_congestion_control=cubic; ${cards("tc qdisc del dev CARD root")}`,
    protocols: both,
    remark: "the gateway forwards: it is nobody's TCP",
  },
  {
    name: "rmem and wmem 256 MB",
    shipped: false,
    change:
      "sysctl -qw net.core.rmem_max=268435456 net.core.wmem_max=268435456 net.ipv4.tcp_rmem='4096 131072 268435456' net.ipv4.tcp_wmem='4096 65536 268435456'",
    undo: "sysctl -qw net.core.rmem_max=212992 net.core.wmem_max=212992 net.ipv4.tcp_rmem='4096 131072 6291456' net.ipv4.tcp_wmem='4096 16384 4194304'",
    protocols: both,
    remark: "sizes of local sockets",
  },
  {
    name: "netdev_max_backlog 16384",
    shipped: false,
    change: "sysctl -qw net.core.netdev_max_backlog=16384",
    undo: "sysctl -qw net.core.netdev_max_backlog=1000",
    protocols: both,
    remark: "PPP hands its packets on through this queue",
  },
  {
    name: "txqueuelen 1000 on PPP",
    shipped: false,
    change: sessions("ip link set CARD txqueuelen 1000"),
    undo: sessions("ip link set CARD txqueuelen 3"),
    protocols: ["l2tp"],
    remark: "pppd's interfaces have 3",
  },
  {
    name: "receive packet steering",
    shipped: false,
    change: cards("printf %x $(((1 << $(nproc)) - 1)) > /sys/class/net/CARD/queues/rx-0/rps_cpus"),
    undo: cards("echo 0 > /sys/class/net/CARD/queues/rx-0/rps_cpus"),
    protocols: both,
    remark: "spreads the decryption of several clients over the CPUs; one client has one flow",
  },
];

export const sessionTunings: SessionTuning[] = [
  { name: "ppp mtu 1280", shipped: false, protocol: "l2tp", client: 3, ppp: "s/^mtu .*/mtu 1280/; s/^mru .*/mru 1280/", pppMtu: 1280, remark: "as the most used script sets it" },
  {
    name: "ppp mtu 1500",
    shipped: false,
    protocol: "l2tp",
    client: 4,
    ppp: "s/^mtu .*/mtu 1500/; s/^mru .*/mru 1500/",
    pppMtu: 1500,
    remark: "xl2tpd's example, no formula; our clamp still lowers TCP's segments",
  },
  { name: "replay_window 32 (L2TP)", shipped: true, protocol: "l2tp", client: 5, swanctl: "/replay_window/d" },
  { name: "replay_window 32 (IKEv2)", shipped: true, protocol: "ikev2", client: 6, swanctl: "/replay_window/d" },
];
