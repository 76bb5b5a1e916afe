import { labAddresses, pairAddresses } from "../networks";
import { otherMember as other, Pair, pairClients, type Member } from "../pair";
import { sleep, until } from "../progress";
import { losesNothing } from "./clients";
import { forgedVrrp } from "./forgedVrrp";
import type { Lab } from "./lab";
import type { Report, Scenario } from "./scenario";

const own = pairAddresses.map(({ outside }) => outside);

export async function bothConnected(pair: Pair, { check }: Report): Promise<void> {
  for (const { name, connected, reason, address } of await pair.connect()) check(`a client connects by ${name}`, connected, connected ? String(address) : reason);
}

/** Strikes: both clients pass traffic again within so many seconds, which it gives. */
export async function backAfter(pair: Pair, { check }: Report, within: { ikev2: number; l2tp: number }, strike: () => Promise<unknown>, patience?: number): Promise<{ ikev2?: number; l2tp?: number }> {
  const [l2tp, ikev2] = await pair.outage(pairClients.map(({ client }) => client), strike, patience);
  check(`IKEv2 passes traffic again within ${within.ikev2} s`, ikev2 !== undefined && ikev2 <= within.ikev2, `${ikev2} s`);
  check(`L2TP passes traffic again within ${within.l2tp} s`, l2tp !== undefined && l2tp <= within.l2tp, `${l2tp} s`);
  return { ikev2, l2tp };
}

interface Fault {
  name: string;
  /** Seconds within which IKEv2 and L2TP pass traffic again. */
  ikev2: number;
  l2tp: number;
  strike(pair: Pair, active: Member): Promise<unknown>;
  heal(pair: Pair, member: Member): Promise<unknown>;
  /** Can the machine be asked while the fault lasts? */
  reachable: boolean;
}

const faults: Fault[] = [
  {
    name: "the active machine's power is cut",
    ikev2: 6, l2tp: 20, reachable: false,
    strike: (pair, active) => pair.powerOff(active),
    heal: (pair, member) => pair.powerOn(member),
  },
  {
    name: "charon is killed and stays away",
    ikev2: 6, l2tp: 20, reachable: true,
    strike: (pair, active) => pair.ssh(active).mustRun("systemctl mask --runtime -q strongswan; systemctl kill -s KILL strongswan"),
    heal: (pair, member) => pair.ssh(member).mustRun("systemctl unmask --runtime -q strongswan; systemctl start strongswan"),
  },
  {
    name: "charon hangs (SIGSTOP)",
    ikev2: 6, l2tp: 20, reachable: true,
    strike: (pair, active) => pair.ssh(active).mustRun("pkill -STOP -x charon-systemd"),
    heal: (pair, member) => pair.ssh(member).mustRun("pkill -CONT -x charon-systemd"),
  },
  {
    name: "keepalived is killed",
    ikev2: 6, l2tp: 20, reachable: true,
    strike: (pair, active) => pair.ssh(active).mustRun("systemctl kill -s KILL keepalived"),
    heal: async () => undefined,
  },
  {
    name: "the machine's links are cut",
    ikev2: 6, l2tp: 20, reachable: false,
    strike: (pair, active) => pair.cut(active),
    heal: (pair, member) => pair.mend(member),
  },
];

/** Two machines as one. */
export const pairs: Scenario[] = [
  {
    name: "pair-one-active",
    program: "lab-pair",
    shows: "one machine of a pair serves, the other stands by; each hands out its own half of the pools",
    twin: "the standby's health port is shut, and forged VRRP from a stranger changes nothing, while the same from the other machine's address does",
    seconds: 60,
    async run(lab, report) {
      const { check } = report;
      const pair = new Pair(lab);
      const active = await pair.active();
      check("exactly one machine is active", (await pair.actives()).length === 1, `machine ${active}`);
      check("its health port answers", await pair.healthy(active));
      check("twin: the standby's does not", !(await pair.healthy(other(active))));
      const addresses = await pair.ssh(other(active)).mustRun("ip -4 -o address");
      check("the standby has none of the moving addresses", ![labAddresses.gatewayOutside, labAddresses.gatewayInside].some((address) => addresses.includes(` ${address}/`)));
      await bothConnected(pair, report);
      const given = String((await lab.world.status(2)).address);
      const upperHalf = Number(given.split(".")[3]) >= 128;
      check("the IKEv2 address is of the active machine's half", upperHalf === (active === 2), given);
      const status = await pair.ssh(active).mustRun("vpn-gateway status");
      check("`vpn-gateway status` tells the pair's state", /of a pair: active; IKE answered [\d.]+ s ago; the other, [\d.]+, answers/.test(status), status.split("\n").find((text) => text.includes("of a pair")));
      await forgedVrrp(pair, active, report);
    },
  },
  ...faults.map((fault, index): Scenario => ({
    name: ["pair-dead", "pair-charon-killed", "pair-charon-hangs", "pair-keepalived-killed", "pair-cut"][index],
    program: "lab-pair",
    shows: `${fault.name}: the other takes over, both clients are back by themselves`,
    twin: "never two answer for more than 2 s, also when it comes back",
    seconds: 120,
    async run(lab, report) {
      const { check, figure } = report;
      const pair = new Pair(lab);
      const active = await pair.active();
      const standby = other(active);
      await bothConnected(pair, report);
      await pair.samplerStart();
      await backAfter(pair, report, fault, () => fault.strike(pair, active));
      check("the standby is the active one now", (await pair.active(fault.reachable ? [1, 2] : [standby])) === standby);
      await fault.heal(pair, active);
      await sleep(8000);
      const one = await pair.active();
      const seen = await lab.world.samplerStop();
      check("twin: with it back, two answered for 2 s at most", seen.longestTwo <= 2, `${seen.longestTwo} s of ${seen.samples} samples`);
      check("none answered for 5 s at most", seen.longestNone <= 5, `${seen.longestNone} s`);
      figure(`active afterwards: machine ${one}`);
      for (const client of [1, 2]) check(`client ${client} passes traffic afterwards`, (await lab.answersWithin(client, 30)) !== undefined);
    },
  })),
  {
    name: "pair-users",
    program: "lab-pair",
    shows: "a user added to a pair replaces nothing and drops nobody; a second up has nothing to do",
    twin: "before the up the new user is refused",
    seconds: 90,
    async run(lab, report) {
      const { check } = report;
      const again = await lab.stack.previewUnchanged();
      check("pulumi preview after up: no changes", again.code === 0, again.code === 0 ? `${again.seconds.toFixed(0)} s` : again.stdout);
      await bothConnected(new Pair(lab), report);
      const early = await lab.connect(3, "ikev2", "carol", { password: "anything" });
      check("twin: before the up carol is refused", !early.connected, early.reason);
      await lab.stack.set("users[2]", "carol");
      const active = await new Pair(lab).active();
      for (const client of [1, 2]) await lab.world.pingStart(client, labAddresses.insideHost, 0.1);
      const up = await lab.stack.up();
      await lab.read();
      for (const [who, client] of [["L2TP", 1], ["IKEv2", 2]] as const) {
        await losesNothing(lab, report, client, `${who}: no packet lost while carol is added`);
      }
      check("nothing was replaced", !/replaced/.test(up.stdout));
      check("the same machine is active", (await new Pair(lab).active()) === active);
      const { connected, reason } = await lab.connect(3, "ikev2", "carol");
      check("carol connects", connected, reason);
    },
  },
  {
    name: "pair-rolling",
    program: "lab-pair",
    shows: "a change that restarts the IKE daemon is made on a standby, each machine in its turn",
    twin: "the daemon of each machine was really restarted",
    seconds: 120,
    async run(lab, report) {
      const { check } = report;
      const pair = new Pair(lab);
      await bothConnected(pair, report);
      const started = async () => Promise.all(([1, 2] as const).map(async (member) => (await pair.ssh(member).mustRun("systemctl show -p ActiveEnterTimestampMonotonic --value strongswan")).trim()));
      const before = await started();
      await pair.samplerStart();
      await lab.stack.set("ikev2Pool", "10.77.2.0/23");
      const [, ikev2] = await pair.outage([2], async () => {
        await lab.stack.up();
      }).then(([seconds]) => [undefined, seconds]);
      const seen = await lab.world.samplerStop();
      await lab.read();
      const after = await started();
      check("twin: both machines' daemons were restarted", before.every((moment, index) => moment !== after[index]), `${before} → ${after}`);
      check("IKEv2 never lost more than 5 s at a time", ikev2 !== undefined && ikev2 <= 5, `${ikev2} s`);
      check("never two answered for more than 2 s", seen.longestTwo <= 2, `${seen.longestTwo} s`);
      check("none answered for 5 s at most", seen.longestNone <= 5, `${seen.longestNone} s`);
      check("one machine is active", (await pair.actives()).length === 1);
    },
  },
  {
    name: "pair-load-balancer",
    program: "lab-pair",
    shows: "behind a load balancer with NLB's manners both clients connect, and are back after the active machine died",
    twin: "with no healthy target it fails open: it sends traffic to both, and IKE answers through it all the same",
    seconds: 180,
    async run(lab, report) {
      const { check, figure } = report;
      await lab.stack.set("front", "loadBalancer");
      await lab.stack.up();
      await lab.read();
      const pair = new Pair(lab);
      await pair.balancerStart();
      const active = await pair.active();
      await until(async () => (await lab.world.balancerStatus()).healthy.length === 1, 40);
      const balanced = await lab.world.balancerStatus();
      check("the load balancer finds the active machine, and it alone, healthy", balanced.healthy.join() === own[active - 1], balanced.healthy.join());
      await bothConnected(pair, report);
      const wire = await pair.ssh(active).mustRun("swanctl --list-sas");
      check("ESP is within UDP, and clients' addresses are preserved", /\[4500\]/.test(wire) && wire.includes("198.51.100.2"));
      const { ikev2, l2tp } = await backAfter(pair, report, { ikev2: 15, l2tp: 20 }, () => pair.cut(active), 90);
      figure(`load balancer: IKEv2 ${ikev2} s, L2TP ${l2tp} s`);
      await pair.mend(active);
      for (const member of [1, 2] as const) await pair.ssh(member).mustRun("systemctl stop vpn-gateway-watch");
      await until(async () => (await lab.world.balancerStatus()).healthy.length === 0, 60);
      const open = await lab.world.balancerStatus();
      check("twin: with none healthy it sends traffic to both", open.healthy.length === 0 && open.traffic.length === 2, open.traffic.join());
      for (const [namespace, address] of [["direct", "198.51.100.60"], ["internet", labAddresses.internetHost]])
        check(`twin: IKE answers ${address} through it all the same`, await ikeAnswers(lab, namespace, labAddresses.gatewayOutside));
      for (const member of [1, 2] as const) await pair.ssh(member).mustRun("systemctl start vpn-gateway-watch");
      await pair.active();
    },
  },
];

/** Whether an IKE daemon answers there: a message of a version that does not exist wants an answer (RFC 7296, 2.5). */
async function ikeAnswers(lab: Lab, namespace: string, address: string): Promise<boolean> {
  const ask = [
    "import os, socket, struct, sys",
    "asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "asking.settimeout(2)",
    `asking.connect((${JSON.stringify(address)}, 500))`,
    'asked = os.urandom(8) + bytes(8) + struct.pack("!BBBBII", 0, 0x30, 34, 8, 0, 28)',
    "for _ in range(3):",
    "    asking.send(asked)",
    "    try:",
    "        sys.exit(0 if asking.recv(1500)[:8] == asked[:8] else 1)",
    "    except OSError:",
    "        pass",
    "sys.exit(1)",
  ].join("\n");
  return (await lab.world.ssh.run(`ip netns exec ${namespace} python3 -`, { stdin: ask, timeoutSeconds: 30 })).code === 0;
}
