import { isrgRootX1, letsEncrypt } from "../../../gateway/certificates/letsEncrypt";
import type { GatewaySpec } from "../../../gateway/spec";
import { oneTimeCodes } from "../../../gateway/oneTimeCode";
import type { ClientSecrets } from "../../../gateway/clients/access";
import { goldenTree } from "../goldenTree";
import { authorityOf, issued } from "../certificates/helpers";
import { goldenSpecs } from "../specs";
import { filesOf } from "./helpers";

/** A plain one; and one with all that profiles can honour, for a name that every format must escape. */
const users: Record<string, [spec: Partial<GatewaySpec>, user: string, secrets?: Partial<ClientSecrets>]> = {
  "profiles-full-tunnel": [{}, "alice"],
  "profiles-one-time-codes": [
    { radius: { servers: [{ host: "127.0.0.1" }], onGateway: {} }, users: [{ name: "alice", oneTimeCode: true }], profiles: { onDemand: true, trustedWireless: [] } },
    "alice",
    { oneTimeCodes: oneTimeCodes({ name: "office" }, { alice: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" }) },
  ],
  "profiles-pair": [{ pair: goldenSpecs["pair-floating"].pair }, "alice"],
  "profiles-public-ca": [
    { endpoint: "vpn.example.com", l2tp: undefined, ikev2: { pool: "10.77.2.0/24", acme: { directory: letsEncrypt, termsAgreed: true, root: isrgRootX1 } } },
    "alice",
  ],
  "profiles-split-tunnel": [
    {
      endpoint: "vpn.example.com",
      tunnel: "split",
      ikev2: { pool: "10.77.2.0/24", pool6: "fd77:2::/64" },
      insideNetworks: ["10.20.0.0/16", "2001:db8:20::/48"],
      dns: ["10.20.0.53", "2001:db8:20::53"],
      users: [{ name: `O'Neil <"&$(x)>` }],
      profiles: { onDemand: true, trustedWireless: ["Office & Lab"] },
    },
    `O'Neil <"&$(x)>`,
  ],
};

describe.each(Object.keys(users))("golden tree %s", (name) => {
  const files = Object.fromEntries(
    Object.entries(filesOf(...users[name]))
      // The page holds all others in base64, in which a review reads nothing: page.test.ts says what is in it.
      .filter(([path]) => path !== "instructions.html")
      .map(([path, content]) => [`/${path}`, content]),
  );
  test("is what the user is given", () => {
    expect(files).toEqual(goldenTree(name, files));
  });
});

describe("golden tree profiles-certificate", () => {
  // Keys are new each time: what follows from them is left out.
  test("holds Windows' scripts for who comes by a certificate", () => {
    const signer = authorityOf("office VPN authority");
    const all = filesOf(
      { l2tp: { pool: "10.77.1.0/24", certificates: true }, ikev2: { pool: "10.77.2.0/24", certificates: true }, users: [{ name: "alice", authentication: "certificate" }] },
      "alice",
      { preSharedKey: "", authority: signer.certificate, credentials: { alice: { ...issued(signer, "alice"), containerPassword: "canary-container-8431" } } },
    );
    const files = Object.fromEntries(
      Object.entries(all).filter(([path]) => path.startsWith("windows/")).map(([path, content]) => [`/${path}`, content.replace(/^(\$(?:Authority|Container|Thumbprint)) = '[^']+'$/gm, "$1 = 'another each time'")]),
    );
    expect(Object.keys(files)).toHaveLength(2);
    expect(files).toEqual(goldenTree("profiles-certificate", files));
  });
});
