import { renderSysctl, type KernelParameter } from "../formats/sysctl";
import type { GatewaySpec } from "../spec";

/**
 * Kernel parameters. Only what acts on packets that are forwarded: sizes of socket buffers and TCP's settings do
 * nothing there.
 */
export function kernelParameters(spec: Pick<GatewaySpec, "ikev2" | "pair" | "sites" | "bgp" | "layerTwo">): KernelParameter[] {
  const parameters = [
    { key: "net.ipv4.ip_forward", value: 1, why: "Packets pass between tunnels and networks." },
    {
      key: "net.ipv4.conf.*.send_redirects",
      value: 0,
      why: "Clients' packets leave by the interface they came on: a redirect would lead inside hosts past the tunnel.\nThe kernel takes the larger of `all` and the interface's own, so every one must be 0.",
    },
    {
      key: "net.ipv4.conf.all.accept_redirects",
      value: 0,
      why: "Nobody on the link may change where the gateway sends clients' packets.",
    },
  ];
  if (spec.ikev2?.pool6 !== undefined || spec.sites) {
    parameters.push({ key: "net.ipv6.conf.all.forwarding", value: 1, why: "The same for IPv6." });
  }
  if (spec.bgp) {
    // ip-sysctl.rst: 0, the default, hashes the addresses alone; 1 the ports as well.
    parameters.push(
      { key: "net.ipv4.fib_multipath_hash_policy", value: 1, why: "Of several tunnels each connection of two hosts takes one: by addresses alone all of theirs would share one tunnel." },
      { key: "net.ipv6.fib_multipath_hash_policy", value: 1, why: "The same for IPv6." },
    );
  }
  if (spec.layerTwo) {
    // The leading hyphen: there is no such key until something loads br_netfilter, which makes it 1.
    for (const key of ["iptables", "ip6tables", "arptables"]) {
      parameters.push({ key: `-net.bridge.bridge-nf-call-${key}`, value: 0, why: key === "iptables" ? "What is bridged is no business of the rules for what is routed, which would drop it." : "The same." });
    }
  }
  if (spec.pair?.sharedAddress !== undefined) {
    parameters.push({ key: "net.ipv4.ip_nonlocal_bind", value: 1, why: "xl2tpd waits on the load balancer's address before keepalived has put it there." });
  }
  if (spec.pair?.front === "floatingAddress") {
    parameters.push(
      { key: "net.ipv4.ip_nonlocal_bind", value: 1, why: "xl2tpd waits on the address that moves, on the standby too." },
      {
        key: "net.ipv4.conf.all.arp_ignore",
        value: 1,
        why: "The machine that has just given an address up has it on `lo` for a moment, to tell its clients from it: nobody on the link may hear of that.",
      },
    );
  }
  return parameters;
}

export function renderKernelParameters(spec: GatewaySpec): string {
  return renderSysctl(kernelParameters(spec), `Kernel parameters of ${spec.name}. Written by pulumi-vpn-gateway.`);
}
