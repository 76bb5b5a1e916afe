import { spawnSync } from "child_process";
import { createPrivateKey, createPublicKey, generateKeyPairSync, verify } from "crypto";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { signEcdsa } from "../../../gateway/certificates/ecdsa";
import { renderRevocationList } from "../../../gateway/certificates/revocationList";
import { elementsOf } from "../../../gateway/formats/der";
import { ecdsaAuthorityOf, from, until } from "./helpers";

test("signs as RFC 6979, A.2.6 does", () => {
  const coordinates = (hex: string) => Buffer.from(hex, "hex").toString("base64url");
  const key = createPrivateKey({
    format: "jwk",
    key: {
      kty: "EC", crv: "P-384",
      d: coordinates("6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5"),
      x: coordinates("ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13"),
      y: coordinates("8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720"),
    },
  });
  const [r, s] = elementsOf(elementsOf(signEcdsa(Buffer.from("sample"), key))[0].content).map(({ content }) => content.toString("hex").replace(/^00/, ""));
  expect(r).toBe("94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46");
  expect(s).toBe("99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8");
});

test("what it signs verifies, and what was changed does not; the same each time, another for each message", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
  const texts = Array.from({ length: 40 }, (_, index) => Buffer.from(`list ${index}`));
  const signatures = texts.map((text) => signEcdsa(text, privateKey));
  texts.forEach((text, index) => expect(verify("sha384", text, publicKey, signatures[index])).toBe(true));
  expect(verify("sha384", Buffer.from("list 1x"), publicKey, signatures[1])).toBe(false);
  expect(signEcdsa(texts[0], privateKey).equals(signatures[0])).toBe(true);
  expect(new Set(signatures.map((each) => each.toString("hex"))).size).toBe(40);
});

test("no other curve's key", () => {
  for (const namedCurve of ["P-256", "P-521"]) expect(() => signEcdsa(Buffer.from("x"), generateKeyPairSync("ec", { namedCurve }).privateKey)).toThrow("neither RSA nor of P-384");
});

test("openssl verifies a list of an ECDSA authority, and not by another's of the same name; it is the same each time", () => {
  const [authority, stranger] = [ecdsaAuthorityOf("office site authority"), ecdsaAuthorityOf("office site authority")];
  const list = renderRevocationList(authority, { serialNumbers: ["0A"], thisUpdate: from, nextUpdate: until });
  expect(renderRevocationList(authority, { serialNumbers: ["0A"], thisUpdate: from, nextUpdate: until })).toBe(list);
  expect(createPublicKey(authority.privateKey).asymmetricKeyDetails?.namedCurve).toBe("secp384r1");
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ecdsa-"));
  try {
    for (const [name, pem] of Object.entries({ list, authority: authority.certificate, stranger: stranger.certificate })) fs.writeFileSync(path.join(folder, name), pem);
    const said = (by: string, ...more: string[]) => {
      const { stdout, stderr } = spawnSync("openssl", ["crl", "-in", "list", "-CAfile", by, "-verify", ...more], { cwd: folder, encoding: "utf8" });
      return stdout + stderr;
    };
    expect(said("authority", "-noout")).toContain("verify OK");
    expect(said("stranger", "-noout")).not.toContain("verify OK");
    expect(said("authority", "-noout", "-text")).toMatch(/Signature Algorithm: ecdsa-with-SHA384[\s\S]*Serial Number: 0A\n/);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
