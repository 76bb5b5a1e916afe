import { commonEspSuites, commonSuite, proposalProblem } from "../../../gateway/site/proposals";
import { siteProfiles } from "../../../gateway/site/profiles";

test.each([
  [["aes256gcm16-prfsha384-ecp384"], ["aes256gcm16-prfsha384-ecp384"], "aes256gcm16-prfsha384-ecp384"],
  [["aes256gcm16-prfsha384-x25519-ecp384"], ["aes256gcm16-prfsha256-prfsha384-ecp384"], "aes256gcm16-prfsha384-ecp384"],
  [["aes256-sha256-modp2048"], ["aes128-sha1-modp2048", "aes256-sha256-modp2048"], "aes256-sha256-modp2048"],
  [["aes256-sha256-modp2048"], ["aes256-sha1-modp2048"], undefined],
  [["aes256gcm16-prfsha384-ecp384"], ["aes256gcm16-prfsha384-ecp256"], undefined],
  // A second key exchange is not optional: RFC 9370, 2.2.1.
  [["aes256gcm16-prfsha384-ecp384-ke1_mlkem1024"], ["aes256gcm16-prfsha384-ecp384"], undefined],
])("IKE %j and %j agree on %s", (left, right, agreed) => {
  expect(commonSuite(left, right, "ike")).toBe(agreed);
});

test("ESP without a word on sequence numbers has 32 bits of them", () => {
  expect(commonSuite(["aes256gcm16-esn"], ["aes256gcm16"], "esp")).toBeUndefined();
  expect(commonSuite(["aes256gcm16-esn-noesn"], ["aes256gcm16"], "esp")).toBe("aes256gcm16");
});

test("every suite that two lists may come to, for the MTU", () => {
  expect(commonEspSuites(["aes256gcm16", "aes256-aes128-sha256"], ["aes128-sha256", "aes256gcm16"]).map(({ name }) => name)).toEqual(["aes256gcm16", "aes128-sha256"]);
});

test.each(Object.entries(siteProfiles))("profile %s holds good proposals alone, and names its source", (_name, profile) => {
  for (const phase of ["ike", "esp"] as const) for (const text of profile[phase]) expect([text, proposalProblem(text, phase)]).toEqual([text, undefined]);
  expect(profile.source).not.toBe("");
});
