import { lacPort } from "../../../gateway/lac/names";
import { lacProposals } from "../../../gateway/lac/proposals";
import type { LacConnectionSpec, LacSecrets } from "../../../gateway/lac/spec";

/** A gateway that dials, and a server; what a test says otherwise replaces the whole field. */
export function exampleLac(changes: Partial<LacConnectionSpec> = {}): LacConnectionSpec {
  return {
    name: "head-office",
    gateway: { name: "office", room: true, endpoint: "192.0.2.11", pools: ["10.77.1.0/24"], outsideMtu: 1500 },
    lns: "198.51.100.70",
    identity: "198.51.100.70",
    user: "office@head",
    near: ["10.20.0.0/24"],
    networks: ["10.40.0.0/24"],
    masquerade: true,
    port: lacPort("head-office"),
    redial: 5,
    proposals: { ike: [...lacProposals.ike], esp: [...lacProposals.esp] },
    ...changes,
  };
}

export const exampleLacSecrets: LacSecrets = { preSharedKey: "canaryOfTheLacKey84318431", password: "canary of \"the\" \\ password" };
