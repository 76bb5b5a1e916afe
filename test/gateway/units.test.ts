import { paths, platform } from "../../gateway/platforms";
import { renderBundle } from "../../gateway/renderBundle";
import type { GatewaySpec } from "../../gateway/spec";
import { exampleSecrets, exampleSpec } from "./specs";

const base = (spec: GatewaySpec) => renderBundle(spec, exampleSecrets(spec)).parts.find(({ name }) => name === "base")!;

describe("the watchdog of the IKE daemon", () => {
  const { l2tp, ikev2, ...neither } = exampleSpec();

  test.each<[string, GatewaySpec]>([
    ["both protocols", exampleSpec()],
    ["L2TP alone", { ...neither, l2tp }],
    ["IKEv2 alone", { ...neither, ikev2 }],
  ])("is on a gateway of %s, and comes after what it watches", (_of, spec) => {
    const { files, services } = base(spec);
    const { units } = platform(spec.platform);
    expect(services.indexOf(units.watchdog)).toBe(services.indexOf(units.ike) + 1);
    const unit = files.find(({ path }) => path === paths.watchdogUnit)?.content;
    expect(unit).toContain("ExecStart=/usr/sbin/vpn-gateway watchdog\nRestart=always\n");
    expect(unit).toContain(`After=${units.ike}\n`);
    // It may kill, and nothing else that root may.
    expect(unit).toContain("CapabilityBoundingSet=CAP_KILL\n");
  });
});
