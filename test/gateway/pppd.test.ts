import { renderPppd } from "../../gateway/render/pppd";
import { exampleSpec } from "./specs";

test("the gateway asks by LCP for an hour: xl2tpd's pppd is passive at both ends, and two that have given up wait for each other for ever", () => {
  const times = /^lcp-max-configure (\d+)$/m.exec(renderPppd(exampleSpec()));
  // Each three seconds (pppd(8), lcp-restart).
  expect(Number(times?.[1]) * 3).toBeGreaterThanOrEqual(3600);
});
