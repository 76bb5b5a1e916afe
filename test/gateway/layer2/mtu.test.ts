import { espSuites } from "../../../gateway/cipherSuites";
import { layerTwoOverhead, leastLayerTwoMtu } from "../../../gateway/layer2/mtu";
import { ikev2InnerMtu } from "../../../gateway/mtu";
import { exampleEnd } from "../site/specs";
import { exampleTunnel } from "./specs";

test("what carries a frame costs 50 bytes by VXLAN (RFC 7348) and 42 by GRE with a key (RFC 2784, 2890)", () => {
  expect(layerTwoOverhead({ fragment: false })).toBe(50);
  expect(layerTwoOverhead({ fragment: true })).toBe(42);
});

test("what hosts are told fits the worst that the ends may agree on: IPv6 outside, within UDP", () => {
  const worst = ikev2InnerMtu({ linkMtu: 1500, suite: espSuites.aes256gcm16, natTraversal: true, outer: 6 });
  expect(leastLayerTwoMtu({ connection: exampleTunnel(), fragment: false })).toBe(worst - 50);
  expect(leastLayerTwoMtu({ connection: exampleTunnel(), fragment: true })).toBe(worst - 42);
});

test("the smaller link of the two counts", () => {
  const smaller = exampleTunnel({ right: exampleEnd({ outsideMtu: 1400 }) });
  expect(leastLayerTwoMtu({ connection: smaller, fragment: false })).toBeLessThanOrEqual(leastLayerTwoMtu({ connection: exampleTunnel(), fragment: false }) - 100);
});
