import { labAddresses } from "../networks";
import { otherMember as other, Pair } from "../pair";
import { sleep, until } from "../progress";
import type { Scenario } from "./scenario";

/** Seconds that a flow must be silent for, and a little (lab/world/balancer.py). */
const forgotten = 130;

/** What a load balancer may do of which AWS says nothing. */
export const pairKeptFlows: Scenario[] = [
  {
    name: "pair-kept-flows",
    program: "lab-pair",
    shows: "a load balancer that keeps UDP flows to a dead machine: who keeps dialling from the same port is not back, until it was silent for 120 s",
    twin: "who had no flow to the dead machine is served by the other meanwhile",
    seconds: 420,
    async run(lab, { check }) {
      await lab.stack.set("front", "loadBalancer");
      await lab.stack.up();
      await lab.read();
      const pair = new Pair(lab);
      await pair.balancerStart(undefined, true);
      const active = await pair.active();
      const healthy = async (): Promise<boolean> => (await lab.world.balancerStatus()).healthy.length === 1;
      await until(healthy, 40);
      const first = await lab.connect(2, "ikev2", "bob", { fastDeadPeer: true });
      check("a client connects", first.connected, first.reason);
      const [seconds] = await pair.outage([2], () => pair.cut(active), 60);
      check("the active machine cut off, the client that keeps dialling is not back within a minute", seconds === undefined, `${seconds} s`);
      check("though the other machine is active", (await pair.active([other(active)])) === other(active));
      const new3 = await lab.connect(3, "ikev2", "alice");
      check("twin: one that had no flow gets in", new3.connected && (await lab.answersWithin(3, 5, labAddresses.insideHost)) !== undefined, new3.reason);
      await lab.world.stop(2);
      await sleep(forgotten * 1000);
      const again = await lab.connect(2, "ikev2", "bob", { fastDeadPeer: true });
      check(`after ${forgotten} s of silence the first gets in, too`, again.connected, again.reason);
    },
  },
];
