import { acceptedSuites, espSuites, type EspSuiteName } from "../../gateway/cipherSuites";
import { ikev2InnerMtu, l2tpInnerMtu, maximumSegmentSize, pathMtu } from "../../gateway/mtu";
import { exampleSpec } from "./specs";

// The table of the field's facts: a link of 1500 bytes, IPv4 outside.
const rows: [EspSuiteName, l2tp: [number, number, number], withNat: number, withoutNat: number][] = [
  ["aes256gcm16", [1420, 1418, 1416], 1438, 1446],
  ["aes128gcm16", [1420, 1418, 1416], 1438, 1446],
  ["aes256-sha1", [1404, 1402, 1400], 1422, 1438],
  ["aes256-sha256", [1404, 1402, 1400], 1422, 1438],
  ["aes256-sha384", [1404, 1402, 1400], 1422, 1422],
  ["aes256-sha512", [1388, 1386, 1384], 1406, 1422],
];

describe.each(rows)("%s on a link of 1500 bytes", (name, l2tp, withNat, withoutNat) => {
  const suite = espSuites[name];
  test("L2TP with NAT traversal, header of 6, 8 and 10 bytes", () => {
    const found = ([6, 8, 10] as const).map((header) => l2tpInnerMtu({ linkMtu: 1500, suite, natTraversal: true }, header));
    expect(found).toEqual(l2tp);
  });
  test("IKEv2 with and without NAT traversal", () => {
    expect(ikev2InnerMtu({ linkMtu: 1500, suite, natTraversal: true })).toBe(withNat);
    expect(ikev2InnerMtu({ linkMtu: 1500, suite, natTraversal: false })).toBe(withoutNat);
  });
});

test("a packet of the inner MTU fits the link, and one byte more does not", () => {
  for (const suite of Object.values(espSuites)) {
    for (const natTraversal of [true, false]) {
      for (const outer of [4, 6] as const) {
        for (let linkMtu = 1280; linkMtu <= 1520; linkMtu++) {
          const inner = ikev2InnerMtu({ linkMtu, suite, natTraversal, outer });
          // Forwards this time: RFC 4303's layout, padded to the block.
          const size = (payload: number) =>
            (outer === 4 ? 20 : 40) + (natTraversal ? 8 : 0) + 8 + suite.initializationVector +
            Math.ceil((payload + 2) / suite.block) * suite.block + suite.integrityCheckValue;
          expect(size(inner)).toBeLessThanOrEqual(linkMtu);
          expect(size(inner + 1)).toBeGreaterThan(linkMtu);
        }
      }
    }
  }
});

test("segments leave room for IP and TCP headers", () => {
  expect(maximumSegmentSize(1438, 4)).toBe(1398);
  expect(maximumSegmentSize(1446, 4)).toBe(1406);
  expect(maximumSegmentSize(1438, 6)).toBe(1378);
});

test("the gateway configures what is right for the worst suite that it accepts", () => {
  expect(pathMtu(exampleSpec({ clients: ["linux"] }))).toEqual({ l2tp: 1404, ikev2: 1438 });
  // A length field in the L2TP header of clients whose code is not open, CBC for those that may not have GCM.
  expect(pathMtu(exampleSpec({ clients: ["linux", "windows"] }))).toEqual({ l2tp: 1402, ikev2: 1422 });
  expect(pathMtu(exampleSpec({ clients: ["android"], l2tp: undefined }))).toEqual({ ikev2: 1438 });
  expect(pathMtu(exampleSpec({ clients: ["apple"], ikev2: undefined, outsideMtu: 1460 }))).toEqual({ l2tp: 1370 });
});

test("no accepted suite has less room than the configured MTU", () => {
  const spec = exampleSpec();
  for (const suite of acceptedSuites("ikev2", spec.clients)) {
    expect(ikev2InnerMtu({ linkMtu: 1500, suite, natTraversal: true })).toBeGreaterThanOrEqual(pathMtu(spec).ikev2!);
  }
  for (const suite of acceptedSuites("l2tp", spec.clients)) {
    expect(l2tpInnerMtu({ linkMtu: 1500, suite, natTraversal: true }, 8)).toBeGreaterThanOrEqual(pathMtu(spec).l2tp!);
  }
});
