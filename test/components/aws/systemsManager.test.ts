import * as pulumi from "@pulumi/pulumi";
import { ofType, one, registered, textOf, valueOf } from "../mocks";
import { made, previews } from "./helpers";

const manager = { access: "systemsManager", administrators: [], platform: "ubuntu2404" };
const parts = ["host", "identity", "base", "passwords", "users"];

test("there is no SSH: no rule, no key, no command, no host key in user data", async () => {
  const gateway = await made(manager);
  const { ingress } = one("aws:ec2/securityGroup:SecurityGroup") as { ingress: { protocol: string }[] };
  expect(ingress.map(({ protocol }) => protocol)).toEqual(["udp", "udp", "50", "icmp"]);
  expect(registered.some(({ type, name }) => type.startsWith("command:") || /host-key|administrator-key/.test(name))).toBe(false);
  const userData = one("aws:ec2/instance:Instance").userData as string;
  expect(userData).toContain("#cloud-config");
  expect(userData).not.toMatch(/PRIVATE KEY|canary|ssh-ed25519/);
  expect(gateway.connection).toBeUndefined();
});

test("the bucket: private, encrypted, encrypted transport alone", async () => {
  await made(manager);
  expect(one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")).toEqual({
    bucket: "office-parts-id", blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true,
  });
  expect(one("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration").rules).toEqual([
    { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } },
  ]);
  expect(JSON.parse(one("aws:s3/bucketPolicy:BucketPolicy").policy as string)).toEqual({
    Version: "2012-10-17",
    Statement: [{ Effect: "Deny", Principal: "*", Action: "s3:*", Resource: ["arn:aws:s3:::office-parts", "arn:aws:s3:::office-parts/*"], Condition: { Bool: { "aws:SecureTransport": "false" } } }],
  });
  const order = registered.map(({ name }) => name);
  for (const before of ["office-parts-private", "office-parts-encryption", "office-parts-policy"]) {
    expect([before, order.indexOf(before) < order.indexOf("office-host-text")]).toEqual([before, true]);
  }
});

test("the role: EC2 takes it, reads this bucket and no other, and no parameter of the account", async () => {
  await made(manager);
  expect(JSON.parse(one("aws:iam/role:Role").assumeRolePolicy as string).Statement[0].Principal).toEqual({ Service: "ec2.amazonaws.com" });
  const { Statement } = JSON.parse(one("aws:iam/rolePolicy:RolePolicy").policy as string) as { Statement: { Effect: string; Action: string | string[]; Resource: string }[] };
  const rights = Statement.flatMap(({ Action, Resource }) => [Action].flat().map((action) => `${action} ${Resource}`));
  expect(rights.filter((right) => right.startsWith("s3:"))).toEqual(["s3:GetObject arn:aws:s3:::office-parts/*", "s3:ListBucket arn:aws:s3:::office-parts"]);
  expect(rights.some((right) => /\*.* \*|Parameter|iam:|PassRole/.test(right))).toBe(false);
  expect(one("aws:ec2/instance:Instance").iamInstanceProfile).toBe("office-instance-name");
  const order = registered.map(({ name }) => name);
  expect(order.indexOf("office-role-policy")).toBeLessThan(order.indexOf("office-machine"));
});

test("each part is an object and an association that is waited for, one after the other", async () => {
  await made(manager);
  const associations = ofType("aws:ssm/association:Association");
  expect([...associations.keys()]).toEqual(parts.map((part) => `office-${part}`));
  for (const part of parts) {
    const { name, parameters, targets, waitForSuccessTimeoutSeconds } = associations.get(`office-${part}`)!;
    expect({ name, targets, waitForSuccessTimeoutSeconds }).toEqual({
      name: "office-apply-part-name", targets: [{ key: "InstanceIds", values: ["office-machine-id"] }], waitForSuccessTimeoutSeconds: part === "host" ? 1800 : 600,
    });
    expect(parameters).toEqual({
      part,
      source: `https://office-parts.s3.eu-central-1.amazonaws.com/${part}.part`,
      owner: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
      confirmBy: part === "base" ? "ssm.eu-central-1.amazonaws.com" : "-",
      digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect(ofType("aws:s3/bucketObjectv2:BucketObjectv2").get(`office-${part}-text`)).toMatchObject({ key: `${part}.part`, serverSideEncryption: "AES256" });
  }
});

test("secrets are in the secret parts' objects alone, and a digest is of more than the text", async () => {
  const gateway = await made(manager);
  const { passwords, preSharedKey } = await valueOf(gateway.clientSettings);
  const carriers = registered.filter(({ inputs }) =>
    [...Object.values(passwords), preSharedKey].some((secret) => [secret, Buffer.from(secret).toString("base64")].some((written) => JSON.stringify(inputs).includes(written))),
  );
  expect(carriers.map(({ name }) => name).sort()).toEqual(["office-identity-text", "office-passwords-text"]);
  for (const { inputs } of carriers) expect(Object.keys(inputs.content as object)).toContain("4dabf18193072939515e22adb298388d");
  expect(await pulumi.isSecret(gateway.clientSettings)).toBe(true);

  const digest = () => (ofType("aws:ssm/association:Association").get("office-passwords")!.parameters as { digest: string }).digest;
  const before = digest();
  await made({ ...manager, users: [{ name: "alice" }, { name: "bob", password: "another-canary" }] });
  expect(digest()).not.toBe(before);
  expect(textOf(ofType("aws:s3/bucketObjectv2:BucketObjectv2").get("office-passwords-text")!.content)).toContain("another-canary");
});

const previewed = previews("AwsGateway", [{ access: "systemsManager" }]);
test("refused: SSH beside it, and an image without the agent", async () => {
  const [{ message, registered: names }] = await previewed;
  expect(message).toMatch(/error administrators .*opens SSH, which nobody needs/);
  expect(message).toMatch(/error access \("systemsManager"\): needs an image with Systems Manager's agent/);
  expect(names).toEqual(["office"]);
});
