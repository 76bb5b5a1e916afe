import { ofType, registered, textOf, valueOf } from "../mocks";
import { madePair } from "./helpers";
import type { AwsGatewayPair } from "../../../aws";

const manager = { access: "systemsManager", administrators: [], platform: "ubuntu2404", routeTableIds: { private: "rtb-1a" } };
const parts = ["host", "identity", "base", "passwords", "users"];
const associations = () => ofType("aws:ssm/association:Association");
const order = () => registered.map(({ name }) => name);
const statements = () => {
  const policies = [...ofType("aws:iam/rolePolicy:RolePolicy").values()];
  expect(policies).toHaveLength(1);
  return (JSON.parse(policies[0].policy as string) as { Statement: { Action: string | string[]; Resource: string | string[] }[] }).Statement;
};

describe("a pair by Systems Manager", () => {
  let pair: AwsGatewayPair;
  beforeAll(async () => {
    pair = await madePair(manager);
  });

  test("there is no SSH: no rule, no key, no command, no host key in user data", () => {
    const [{ ingress }] = [...ofType("aws:ec2/securityGroup:SecurityGroup").values()] as { ingress: { protocol: string; fromPort: number }[] }[];
    expect(ingress.some(({ protocol }) => protocol === "tcp")).toBe(false);
    expect(registered.filter(({ type, name }) => type.startsWith("command:") || /host-key|administrator-key/.test(name))).toEqual([]);
    const machines = [...ofType("aws:ec2/instance:Instance").values()];
    expect(machines).toHaveLength(2);
    for (const { userData } of machines) {
      expect(userData).toContain("#cloud-config");
      expect(userData).not.toMatch(/PRIVATE KEY|canary|ssh-ed25519/);
    }
    expect(pair.connections).toBeUndefined();
  });

  test("the second machine gets each part and stands before there is a first; then that, in the same order", () => {
    const ofMember = (member: number) => [...parts, "stands"].map((part) => `office-${member}-${part}`);
    expect([...associations().keys()]).toEqual([...ofMember(2), ...ofMember(1)]);
    expect(order().indexOf("office-2-stands")).toBeLessThan(order().indexOf("office-1-machine"));
    for (const member of [1, 2]) {
      for (const part of parts) {
        const { name, parameters, targets } = associations().get(`office-${member}-${part}`)!;
        expect({ name, targets }).toEqual({ name: "office-apply-part-name", targets: [{ key: "InstanceIds", values: [`office-${member}-machine-id`] }] });
        expect(parameters).toMatchObject({ part, source: `https://office-parts.s3.eu-central-1.amazonaws.com/${member}/${part}.part` });
        expect(ofType("aws:s3/bucketObjectv2:BucketObjectv2").get(`office-${member}-${part}-text`)).toMatchObject({ key: `${member}/${part}.part`, serverSideEncryption: "AES256" });
      }
    }
    const owners = new Set([...associations().values()].flatMap(({ parameters }) => (parameters as { owner?: string }).owner ?? []));
    expect(owners.size).toBe(2);
  });

  test("the second stands before the first is touched, after each change of the instance type too", async () => {
    const stands = (member: number) => associations().get(`office-${member}-stands`)!;
    expect(stands(2)).toMatchObject({ name: "AWS-RunShellScript", targets: [{ key: "InstanceIds", values: ["office-2-machine-id"] }], waitForSuccessTimeoutSeconds: 600 });
    expect((stands(2).parameters as { commands: string }).commands).toMatch(/^# c7g\.medium\n.*vpn-gateway check/);
    const before = stands(2).parameters;
    await madePair({ ...manager, instanceType: "c7g.large" });
    expect(stands(2).parameters).not.toEqual(before);
    pair = await madePair(manager);
  });

  test("one bucket and one role, which may read it and move what is the pair's; granted before either machine boots", () => {
    expect(ofType("aws:s3/bucket:Bucket").size).toBe(1);
    const rights = statements().flatMap(({ Action, Resource }) => [Action].flat().flatMap((action) => [Resource].flat().map((resource) => `${action} ${resource}`)));
    expect(rights).toEqual(expect.arrayContaining(["s3:GetObject arn:aws:s3:::office-parts/*", "ec2:ReplaceRoute arn:aws:ec2:eu-central-1:123456789012:route-table/rtb-1a"]));
    expect(rights.filter((right) => right.startsWith("ec2:AssociateAddress"))).toHaveLength(4);
    expect(rights.some((right) => /\*.* \*|Parameter|iam:|PassRole/.test(right))).toBe(false);
    for (const [, { iamInstanceProfile }] of ofType("aws:ec2/instance:Instance")) expect(iamInstanceProfile).toBe("office-instance-name");
    for (const member of [1, 2]) expect(order().indexOf("office-role-policy")).toBeLessThan(order().indexOf(`office-${member}-machine`));
  });

  test("secrets are in the secret parts' objects alone, the same for both machines", async () => {
    const { passwords, preSharedKey } = await valueOf(pair.clientSettings);
    const carriers = registered.filter(({ inputs }) =>
      [...Object.values(passwords), preSharedKey].some((secret) => [secret, Buffer.from(secret).toString("base64")].some((written) => JSON.stringify(inputs).includes(written))),
    );
    expect(carriers.map(({ name }) => name).sort()).toEqual([1, 2].flatMap((member) => [`office-${member}-identity-text`, `office-${member}-passwords-text`]));
    const textOfPart = (member: number, part: string) => textOf(ofType("aws:s3/bucketObjectv2:BucketObjectv2").get(`office-${member}-${part}-text`)!.content);
    for (const part of ["identity", "passwords", "users"]) expect([part, textOfPart(1, part)]).toEqual([part, textOfPart(2, part)]);
    expect(textOfPart(1, "base")).not.toBe(textOfPart(2, "base"));
  });

  test("the twin: behind a load balancer the role may read the parts, and move nothing", async () => {
    await madePair({ ...manager, routeTableIds: undefined, front: "loadBalancer", masquerade: "everywhere" });
    const actions = statements().flatMap(({ Action }) => [Action].flat());
    expect(actions.some((action) => action.startsWith("ec2:"))).toBe(false);
    expect(actions).toContain("s3:GetObject");
  });
});
