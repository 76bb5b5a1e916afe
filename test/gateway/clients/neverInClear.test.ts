import { renderStrongswanConf } from "../../../gateway/formats/strongswanConf";
import { neverInClear } from "../../../gateway/clients/neverInClear";
import { filesOf } from "./helpers";

describe("L2TP without IPsec", () => {
  const rendered = (gateway: string) => renderStrongswanConf([neverInClear("office-l2tp", gateway)], "");

  test("is dropped on its way to the gateway, from whichever address the client has", () => {
    const text = rendered("192.0.2.11");
    expect(text).toContain("mode = drop");
    expect(text).toContain("start_action = trap");
    expect(text).toContain("local_ts = 0.0.0.0/0[udp]");
    expect(text).toContain("remote_ts = 192.0.2.11/32[udp/1701]");
  });
  test("is dropped to anywhere where the gateway is known by name only, whose address may change", () => {
    expect(rendered("vpn.example.com")).toContain("remote_ts = 0.0.0.0/0[udp/1701]");
  });
  test("a user's own files have it, and it takes nobody's IKE", () => {
    const text = filesOf()["linux/l2tp/etc/swanctl/conf.d/office-l2tp.conf"];
    expect(text).toMatch(/office-l2tp-never-in-clear \{\n\s+#.*\n\s+remote_addrs = 127\.0\.0\.1\n/);
    expect(text.match(/start_action/g)).toHaveLength(1);
  });
});
