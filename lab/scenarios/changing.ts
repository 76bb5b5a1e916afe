import { labAddresses } from "../networks";
import { connectEach, losesNothing } from "./clients";
import type { Scenario } from "./scenario";

/** Lines of a preview that add or take something, without the tree around them. */
function changed(stdout: string): string[] {
  return stdout
    .split("\n")
    .filter((line) => /^\s*[-+]\s/.test(line))
    .map((line) => line.trim());
}

/** A living gateway is changed, and nobody notices but whom it concerns. */
export const changing: Scenario[] = [
  {
    name: "nothing-to-do",
    shows: "a second preview has no changes",
    twin: "with a user added it has",
    seconds: 15,
    async run(lab, { check }) {
      const again = await lab.stack.previewUnchanged();
      check("pulumi preview after up: no changes", again.code === 0, again.code === 0 ? `${again.seconds.toFixed(0)} s` : again.stdout);
      await lab.stack.set("users[2]", "carol");
      const twin = await lab.stack.previewUnchanged();
      check("twin: with one more user there are", twin.code !== 0 && /no changes were expected/.test(twin.stdout + twin.stderr), twin.stderr);
    },
  },
  {
    name: "users",
    shows: "a user added connects and a user removed is out within seconds, while others' tunnels lose no packet",
    twin: "before the `up` the new user is refused; the removed one's reconnection is refused",
    seconds: 90,
    async run(lab, report) {
      const { check, figure } = report;
      await lab.connect(1, "l2tp", "alice");
      await lab.connect(2, "ikev2", "alice");
      const early = await lab.connect(3, "ikev2", "carol", { password: "anything" });
      check("twin: before the up carol is refused", !early.connected, early.reason);

      await lab.stack.set("users[2]", "carol");
      const preview = await lab.stack.preview();
      const lines = changed(preview.stdout);
      const changedLine = /^\+\s+\/etc\/vpn-gateway\/users \| "carol"$/;
      check("preview shows which line of which file changes", lines.some((line) => changedLine.test(line)), lines.join("; "));
      check("preview replaces and deletes nothing", !/replace|delete/i.test(preview.stdout.replace(/\+\+|deletedWith|deleteBeforeReplace/g, "")));

      await lab.world.pingStart(1, labAddresses.insideHost, 0.1);
      await lab.world.pingStart(2, labAddresses.insideHost, 0.1);
      const machine = lab.machineId;
      const up = await lab.stack.up();
      await lab.read();
      for (const [who, client] of [["L2TP", 1], ["IKEv2", 2]] as const) {
        await losesNothing(lab, report, client, `${who}: no packet lost while carol is added`);
      }
      check("no machine was replaced", lab.machineId === machine);
      figure(`pulumi up for one more user: ${up.seconds.toFixed(1)} s`);
      await connectEach(lab, report, [["ikev2", 3, "carol"], ["l2tp", 4, "carol"]]);

      const password = lab.settings.passwords.carol;
      await lab.stack.unset("users[2]");
      await lab.world.pingStart(1, labAddresses.insideHost, 0.1);
      await lab.world.pingStart(2, labAddresses.insideHost, 0.1);
      await lab.stack.up();
      await lab.read();
      for (const [protocol, client] of [["ikev2", 3], ["l2tp", 4]] as const) {
        const { received } = await lab.world.ping(client, labAddresses.insideHost, { count: 2, interval: 0.5 });
        check(`carol's ${protocol} tunnel is cut`, received === 0, `${received} of 2`);
        const again = await lab.connect(client, protocol, "carol", { password });
        check(`twin: carol, removed, is refused by ${protocol}`, !again.connected, again.reason);
      }
      for (const [who, client] of [["L2TP", 1], ["IKEv2", 2]] as const) {
        await losesNothing(lab, report, client, `${who}: no packet of alice's lost while carol is removed`);
      }
    },
  },
  {
    name: "shapes",
    shows: "split tunnel and IPv6 inside: what should go through the tunnel does",
    twin: "with a split tunnel the internet is reached past it; without a pool there is no IPv6",
    seconds: 80,
    async run(lab, { check }) {
      const without = await lab.connect(2, "ikev2", "bob");
      check("twin: without an IPv6 pool the client gets no IPv6 address", without.connected && !without.address6, String(without.address6));
      await lab.stack.set("pool6", "fd77::/64");
      await lab.stack.set("tunnel", "split");
      await lab.stack.set("dns[0]", labAddresses.insideHost); // the default one is on the internet, and goes through the tunnel
      await lab.stack.set("insideNetworks[0]", labAddresses.insideNetwork);
      await lab.stack.set("insideNetworks[1]", labAddresses.insideNetwork6);
      await lab.stack.up();
      const client = await lab.connect(2, "ikev2", "bob");
      check("the client gets an IPv6 address of the pool", client.address6?.startsWith("fd77::") === true, client.reason ?? String(client.address6));
      const inside6 = await lab.world.ping(2, labAddresses.insideHost6);
      check("and reaches the inside host by IPv6", inside6.received === inside6.sent, `${inside6.received} of ${inside6.sent}`);
      const inside = await lab.world.ping(2, labAddresses.insideHost);
      check("and by IPv4", inside.received === inside.sent);
      await lab.world.captureStart("split", `host ${labAddresses.internetHost}`, "wan0");
      await lab.world.captureStart("esp", "udp port 4500");
      const internet = await lab.world.ping(2, labAddresses.internetHost);
      check("the internet is reached", internet.received === internet.sent, `${internet.received} of ${internet.sent}`);
      const esp = await lab.world.captureStop("esp");
      await lab.world.captureStop("split");
      check("twin: past the tunnel: fewer ESP packets than pings", esp.packets < internet.sent, `${esp.packets}`);
    },
  },
];
