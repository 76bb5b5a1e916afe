import * as fc from "fast-check";
import { renderChapSecrets } from "../../gateway/render/pppd";
import { renderEapSecrets, renderPreSharedKey } from "../../gateway/render/swanctl";
import { renderUsers } from "../../gateway/render/users";
import type { GatewaySecrets } from "../../gateway/spec";
import { validateSpec } from "../../gateway/validate";
import { hostile } from "./hostile";
import { readPppWords, readStrongswanConf, type Tree } from "./formats/readers";
import { exampleSpec } from "./specs";

const decoded = (text: string) => Buffer.from(text.replace(/^0s/, ""), "base64").toString("utf8");

/** What strongSwan makes of an identity: `fqdn:#…` is the bytes in hexadecimal. */
function named(id: string): string {
  expect(id).toMatch(/^[\x20-\x7e]+$/);
  const hex = /^(?:fqdn|email|keyid):#([0-9a-f]+)$/.exec(id);
  return hex === null ? id : Buffer.from(hex[1], "hex").toString("utf8");
}

test("what validation lets through, every file carries as it is", () => {
  let carried = 0;
  fc.assert(
    fc.property(fc.uniqueArray(hostile, { minLength: 1, maxLength: 4 }), hostile, fc.boolean(), (names, password, l2tp) => {
      const spec = exampleSpec({ users: names.map((name) => ({ name })), ...(l2tp ? {} : { l2tp: undefined }) });
      const secrets: GatewaySecrets = {
        preSharedKey: password,
        passwords: Object.fromEntries(names.map((name, index) => [name, `${password}${index}`])),
      };
      if (validateSpec(spec, secrets).some(({ severity }) => severity === "error")) return;
      carried++;

      const eap = readStrongswanConf(renderEapSecrets(spec, secrets)).secrets as Record<string, Tree>;
      expect(Object.values(eap).map(({ id, secret }) => [named(id as string), decoded(secret as string)])).toEqual(
        names.map((name, index) => [name, `${password}${index}`]),
      );
      if (spec.l2tp) {
        const chap = readPppWords(renderChapSecrets(spec, spec.l2tp, secrets));
        expect(chap).toEqual(names.map((name, index) => [name, "office", `${password}${index}`, "10.77.1.0/24"]));
      }
      expect(renderUsers(spec).trimEnd().split("\n").map((line) => JSON.parse(line) as string)).toEqual(names);
      if (!spec.l2tp) return;
      const psk = readStrongswanConf(renderPreSharedKey(password)) as { secrets: Record<string, Tree> };
      expect(decoded(psk.secrets["ike-vpn-gateway"].secret as string)).toBe(password);
    }),
    { numRuns: 1500 },
  );
  expect(carried).toBeGreaterThan(15);
});

test("no problem shows a secret", () => {
  fc.assert(
    fc.property(hostile, (secret) => {
      const value = `canary${secret}canary`;
      const spec = exampleSpec();
      const text = JSON.stringify(validateSpec(spec, { preSharedKey: value, privateKey: value, passwords: { alice: value } }));
      expect(text).not.toContain("canary");
    }),
  );
});
