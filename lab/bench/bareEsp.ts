import type { EspSuiteName } from "../../gateway/cipherSuites";

/**
 * Bare ESP between a client behind the NAT and the gateway: keys and selectors by hand, no IKE, no L2TP, no firewall.
 * What the gateway's own tunnels are compared with.
 */
export interface BareEsp {
  mode: "transport" | "tunnel";
  suite: EspSuiteName;
  /** The client's own address, before the NAT. */
  client: string;
  /** The client as the gateway sees it. */
  seenAs: string;
  gateway: string;
  /** The client's UDP port of the encapsulation; the NAT keeps it. The gateway's is 4500. */
  port: number;
  /** Says this connection from another: SPIs and reqid are made of it. */
  number: number;
  /** Transport mode: only TCP to this port. */
  tcpPort?: number;
  /** Tunnel mode: what each end stands for. */
  inner?: { client: string; network: string };
  /** Packets. Default 32 on the client, as a stock one, and 1024 on the gateway, as ours. */
  replayWindow?: { client: number; gateway: number };
}

/** The kernel's algorithms of a suite, with a key that is no secret: the lab's wire carries nothing but zeros. */
export function algorithms(suite: EspSuiteName): string {
  const key = (bytes: number) => `0x${Array.from({ length: bytes }, (_, index) => (index + 1).toString(16).padStart(2, "0")).join("")}`;
  const gcm = /^aes(128|256)gcm16$/.exec(suite);
  if (gcm) return `aead 'rfc4106(gcm(aes))' ${key(Number(gcm[1]) / 8 + 4)} 128`;
  const cbc = /^aes(128|256)-sha(1|256|384|512)$/.exec(suite);
  if (cbc === null) throw new Error(`bare ESP: the suite ${suite} is not known here`);
  const bits = { "1": 160, "256": 256, "384": 384, "512": 512 }[cbc[2]]!;
  return `auth-trunc 'hmac(sha${cbc[2]})' ${key(bits / 8)} ${cbc[2] === "1" ? 96 : bits / 2} enc 'cbc(aes)' ${key(Number(cbc[1]) / 8)}`;
}

/** The lines of `ip -batch` for both ends. */
export function bareEspCommands(bare: BareEsp): { client: string[]; gateway: string[] } {
  const { mode, number } = bare;
  const window = bare.replayWindow ?? { client: 32, gateway: 1024 };
  const spi = { up: `0x${(0xbe0000 + 2 * number).toString(16)}`, down: `0x${(0xbe0001 + 2 * number).toString(16)}` };
  const reqid = 50_000 + number;
  const end = (near: string, far: string, isClient: boolean): string[] => {
    const out = `src ${near} dst ${far}`;
    const back = `src ${far} dst ${near}`;
    const [nearPort, farPort] = isClient ? [bare.port, 4500] : [4500, bare.port];
    const [outSpi, backSpi] = isClient ? [spi.up, spi.down] : [spi.down, spi.up];
    const state = (addresses: string, which: string, ports: number[]) =>
      `xfrm state add ${addresses} proto esp spi ${which} reqid ${reqid} mode ${mode} replay-window ${isClient ? window.client : window.gateway} ` +
      `encap espinudp ${ports[0]} ${ports[1]} 0.0.0.0 ${algorithms(bare.suite)}`;
    const selectors = () => {
      if (mode === "transport") {
        const [toServer, fromServer] = [`proto tcp dport ${bare.tcpPort}`, `proto tcp sport ${bare.tcpPort}`];
        return isClient ? [`${out} ${toServer}`, `${back} ${fromServer}`] : [`${out} ${fromServer}`, `${back} ${toServer}`];
      }
      const { client, network } = bare.inner!;
      return isClient ? [`src ${client} dst ${network}`, `src ${network} dst ${client}`] : [`src ${network} dst ${client}`, `src ${client} dst ${network}`];
    };
    const [outward, inward] = selectors();
    const policy = (selector: string, direction: string, addresses: string) =>
      `xfrm policy add ${selector} dir ${direction} priority 100 tmpl ${addresses} proto esp reqid ${reqid} mode ${mode}`;
    return [
      state(out, outSpi, [nearPort, farPort]),
      state(back, backSpi, [farPort, nearPort]),
      policy(outward, "out", out),
      policy(inward, "in", back),
      ...(mode === "tunnel" ? [policy(inward, "fwd", back)] : []),
    ];
  };
  return { client: end(bare.client, bare.gateway, true), gateway: end(bare.gateway, bare.seenAs, false) };
}

/** Undoes what `bareEspCommands` made, line by line. */
export function withoutBareEsp(lines: string[]): string[] {
  return lines.map((line) => {
    const state = /^xfrm state add (src \S+ dst \S+ proto esp spi \S+)/.exec(line);
    if (state) return `xfrm state delete ${state[1]}`;
    const policy = /^xfrm policy add (.*?) priority/.exec(line);
    if (policy) return `xfrm policy delete ${policy[1]}`;
    throw new Error(`not a line of bare ESP: ${line}`);
  });
}

/** Python that takes ESP out of UDP on a port, for as long as it runs: the kernel does the work. */
export function encapsulationSocket(port: number): string {
  return [
    "import socket, signal",
    "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "s.setsockopt(socket.IPPROTO_UDP, 100, 2)",
    `s.bind(("0.0.0.0", ${port}))`,
    "signal.pause()",
  ].join("; ");
}
