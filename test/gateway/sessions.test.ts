import { measuredSessions } from "../../gateway/validate/sessions";
import { validateSpec } from "../../gateway/validate";
import type { GatewaySpec } from "../../gateway/spec";
import { exampleSpec } from "./specs";

const users = (count: number, more: object = {}) => Array.from({ length: count }, (_, index) => ({ name: `u${index}`, ...more }));
const wide = { l2tp: { pool: "10.80.0.0/16" }, ikev2: { pool: "10.81.0.0/16" } };
const problems = (changes: Partial<GatewaySpec>) => validateSpec(exampleSpec({ ...wide, ...changes })).map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
const { ikev2, l2tp } = measuredSessions;

test.each([
  ["IKEv2", "ikev2", ikev2],
  ["L2TP", "l2tp", l2tp],
] as const)("more users of %s than were ever seen at once are refused with the figure, and as many are not", (title, protocol, { most, kilobytes }) => {
  const alone = { protocols: [protocol] };
  expect(problems({ users: users(most, alone) })).toEqual([]);
  expect(problems({ users: users(most + 1, alone) })).toEqual([
    `error users: ${most + 1} may come by ${title}; at once at the most ${most} were measured, on a machine of 1 CPU and 1 GiB, ${kilobytes} KB each`,
  ]);
});

test("who is suspended or does not come that way is not counted, nor anybody where that protocol is off", () => {
  expect(problems({ users: users(l2tp.most + 1, { protocols: ["ikev2"] }) })).toEqual([]);
  expect(problems({ users: [...users(l2tp.most), { name: "gone", suspended: true }] })).toEqual([]);
  expect(problems({ l2tp: undefined, users: users(l2tp.most + 1) })).toEqual([]);
});

test("who means it may have more; what cannot be stays refused", () => {
  expect(problems({ unmeasuredSessions: true, users: users(900) })).toEqual([]);
  expect(problems({ unmeasuredSessions: true, users: users(1001) })).toEqual([expect.stringMatching(/1001 users of L2TP: xl2tpd serves/)]);
});
