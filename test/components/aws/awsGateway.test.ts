import * as path from "path";
import * as pulumi from "@pulumi/pulumi";
import { ofType, one, registered, textOf, valueOf } from "../mocks";
import { isSecretInput } from "../previews";
import { expectContract, expectNothingOfTheTunnel, expectOwnChildren, expectOwnHostKeys, expectSecretsOnlyIn, listing, refusedAtPreview, secretOutputs } from "../promises";
import { made, previews } from "./helpers";
import type { AwsGateway, AwsGatewayArgs } from "../../../aws";
import type { GatewayIdentity } from "../../../gateway/identity";

const contract = path.join(__dirname, "awsGateway.contract.txt");
const remote = "command:remote:Command";
const instance = () => one("aws:ec2/instance:Instance");

test("types and names of its children are the contract's", async () => {
  const listed = async (title: string, changes: Parameters<typeof made>[0]) => {
    await made(changes);
    return listing(title);
  };
  expectContract(contract, [
    await listed("defaults, with L2TP", {}),
    await listed("in a subnet, generation 2, all given, routes", {
      subnetId: "subnet-given",
      generation: 2,
      imageId: "ami-0123456789abcdef0",
      l2tp: { enabled: true, preSharedKey: "canary-of-the-pre-shared-key", pool: "10.90.1.0/24" },
      ikev2: { pool: "10.90.2.0/24", pool6: "fd90::/64" },
      administratorKey: { privateKey: "PRIVATE", publicKey: "ssh-ed25519 AAAAadmin" },
      routeTableIds: { private: "rtb-1", database: "rtb-2" },
    }),
    await listed("by Systems Manager", { access: "systemsManager", administrators: [], platform: "ubuntu2404" }),
  ]);
});

describe("defaults", () => {
  beforeAll(() => made());

  test("the machine: c7g.medium, its architecture's Debian 13, encrypted gp3, IMDSv2 of one hop, recovery", () => {
    expect(instance()).toMatchObject({
      instanceType: "c7g.medium",
      ami: "ami-of-/aws/service/debian/release/13/latest/arm64",
      primaryNetworkInterface: { networkInterfaceId: "office-interface-id" },
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1, instanceMetadataTags: "disabled" },
      rootBlockDevice: { volumeType: "gp3", volumeSize: 8, encrypted: true, deleteOnTermination: true },
      maintenanceOptions: { autoRecovery: "default" },
    });
  });

  test("no role, no EC2 key pair, no second address, nothing that replaces it for its user data", () => {
    for (const absent of ["iamInstanceProfile", "keyName", "associatePublicIpAddress", "userDataReplaceOnChange", "subnetId"]) {
      expect([absent, instance()[absent]]).toEqual([absent, undefined]);
    }
    expect(registered.some(({ type }) => type.startsWith("aws:iam/"))).toBe(false);
  });

  test("the interface forwards and has the address before the machine boots", () => {
    expect(one("aws:ec2/networkInterface:NetworkInterface")).toMatchObject({
      sourceDestCheck: false, subnetId: "office-subnet-id", securityGroups: ["office-security-group-id"],
    });
    expect(one("aws:ec2/eipAssociation:EipAssociation")).toEqual({
      allocationId: "office-address-allocation", networkInterfaceId: "office-interface-id", allowReassociation: true,
    });
    const order = registered.map(({ name }) => name);
    for (const before of ["office-address-association", "office-route-internet", "office-routes-association"]) {
      expect([before, order.indexOf(before) < order.indexOf("office-machine")]).toEqual([before, true]);
    }
  });

  test("the network: one VPC with one public subnet of its size", () => {
    expect(one("aws:ec2/vpc:Vpc").cidrBlock).toBe("10.76.0.0/24");
    expect(one("aws:ec2/subnet:Subnet")).toMatchObject({ cidrBlock: "10.76.0.0/24", mapPublicIpOnLaunch: false, vpcId: "office-vpc-id" });
    expect(one("aws:ec2/route:Route")).toMatchObject({ destinationCidrBlock: "0.0.0.0/0", gatewayId: "office-internet-id" });
  });

  test("the group: IKE and ESP from anywhere, SSH from administrators, 1701 from nobody", () => {
    const { ingress } = one("aws:ec2/securityGroup:SecurityGroup") as { ingress: { protocol: string; fromPort: number; toPort: number; cidrBlocks: string[] }[] };
    expect(ingress.map(({ protocol, fromPort, toPort, cidrBlocks }) => `${protocol} ${fromPort}-${toPort} ${cidrBlocks.join()}`)).toEqual([
      "udp 500-500 0.0.0.0/0", "udp 4500-4500 0.0.0.0/0", "50 0-0 0.0.0.0/0", "icmp 3-4 0.0.0.0/0", "tcp 22-22 203.0.113.0/24",
    ]);
  });

  test("everything that takes tags has them", () => {
    const untagged = registered.filter(({ type, inputs }) => type.startsWith("aws:") && inputs.tags === undefined).map(({ type }) => type.split(":")[2]);
    expect(untagged.sort()).toEqual(["EipAssociation", "Route", "RouteTableAssociation"]);
    expect(instance().tags).toEqual({ Name: "office", "vpn-gateway": "office" });
    expect((instance().rootBlockDevice as { tags: object }).tags).toEqual({ Name: "office", "vpn-gateway": "office" });
  });
});

test("clients are told the Elastic IP, or the endpoint that is given", async () => {
  const byDefault = await made();
  expect(await valueOf(byDefault.address)).toBe("198.51.100.20");
  expect((await valueOf(byDefault.clientSettings)).endpoint).toBe("198.51.100.20");
  const named = await made({ endpoint: "vpn.example.com" });
  expect(await valueOf(named.address)).toBe("vpn.example.com");
  expect(await valueOf(named.publicIp)).toBe("198.51.100.20");
});

test("Ubuntu and amd64 by choice; an image that is given is taken as it is", async () => {
  await made({ platform: "ubuntu2404", instanceType: "c7a.medium" });
  expect(instance().ami).toBe("ami-of-/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id");
  await made({ imageId: "ami-0123456789abcdef0" });
  expect(instance().ami).toBe("ami-0123456789abcdef0");
});

test("in a subnet that is given no network is made, and the group is of its VPC", async () => {
  await made({ subnetId: "subnet-given", l2tp: undefined, ikev2: { pool: "10.90.2.0/24" } });
  expect(registered.some(({ type }) => /vpc:Vpc|subnet:Subnet|internetGateway/.test(type))).toBe(false);
  expect(one("aws:ec2/securityGroup:SecurityGroup").vpcId).toBe("vpc-given");
  expect(one("aws:ec2/networkInterface:NetworkInterface").subnetId).toBe("subnet-given");
});

test("each table gets a route to each pool, through the gateway's interface", async () => {
  await made({ routeTableIds: { private: "rtb-1" }, ikev2: { pool6: "fd90::/64" } });
  const routes = [...ofType("aws:ec2/route:Route")].filter(([name]) => name !== "office-route-internet");
  expect(Object.fromEntries(routes)).toEqual({
    "office-route-private-l2tp": { routeTableId: "rtb-1", destinationCidrBlock: "10.77.1.0/24", networkInterfaceId: "office-interface-id" },
    "office-route-private-ikev2": { routeTableId: "rtb-1", destinationCidrBlock: "10.77.2.0/24", networkInterfaceId: "office-interface-id" },
    "office-route-private-ikev2v6": { routeTableId: "rtb-1", destinationIpv6CidrBlock: "fd90::/64", networkInterfaceId: "office-interface-id" },
  });
});

test("the user's tags are merged, and may replace ours", async () => {
  await made({ tags: { Name: "our gateway", cost: pulumi.output("42") } });
  expect(instance().tags).toEqual({ Name: "our gateway", "vpn-gateway": "office", cost: "42" });
});

describe("secrets", () => {
  let gateway: AwsGateway;
  beforeAll(async () => {
    gateway = await made();
  });

  test("user data holds none of the tunnel, and is itself a secret for the bootstrap key in it", () => {
    const userData = textOf(instance().userData);
    expect(userData).toContain("#cloud-config");
    expectNothingOfTheTunnel(userData);
    expect(isSecretInput(instance().userData)).toBe(true);
    expect(isSecretInput(instance().instanceType)).toBe(false);
  });

  test("no input that is not a secret holds one, of any resource", () => expectSecretsOnlyIn(["office-identity", "office-passwords"], gateway.clientSettings));

  test("outputs: what clients and administrators must know is secret, addresses and ids are not", async () => {
    expect(await secretOutputs(gateway, ["clientSettings", "identity", "connection", "address", "publicIp", "machineId", "networkInterfaceId"])).toEqual(["clientSettings", "identity", "connection"]);
  });
});

describe("host key", () => {
  beforeAll(() => made());

  test("the first contact pins the bootstrap key, every push the machine's own, and no push asks it to take its parts away", () => expectOwnHostKeys("198.51.100.20"));

  test("nobody logs in before the machine is ready, so that no push meets a first boot", () => {
    const userData = textOf(instance().userData);
    expect(userData).not.toContain("ssh_authorized_keys");
    expect(userData).toMatch(/install -D -m 600 \/etc\/vpn-gateway\/authorized_keys \/root\/\.ssh\/authorized_keys/);
  });

  test("it is asked once in a machine's life: no update, and another machine another bootstrap key", async () => {
    expect(ofType(remote).get("office-host-key")).toMatchObject({ triggers: ["office-machine-id"] });
    expect(ofType(remote).get("office-host-key")?.update).toBeUndefined();
    await made({ generation: 2 });
    expect(ofType(remote).get("office-host-key-2")).toMatchObject({ triggers: ["office-machine-2-id"] });
    expect(textOf(instance().userData)).toContain("AAAAoffice-bootstrap-host-key-2");
  });
});

test("parents: everything is the gateway's own child", async () => {
  await expectOwnChildren(await made(), "pulumi-vpn-gateway:aws:AwsGateway");
});

refusedAtPreview<AwsGatewayArgs>(
  [
    ["a type without AES, SSH from anywhere and a bad tag, all at once", { instanceType: "m1.small", administrators: ["0.0.0.0/0"], tags: { "aws:x": "y" }, users: [{ name: "a" }, { name: "a" }] }, [/instanceType/, /error administrators\[0\]/, /tags/, /users\[1\]/]],
    ["an identity that is none, beside the rest", { identity: { preSharedKey: 7, passwords: { b: "a-canary" }, authority: { certificate: "none", privateKey: "canary" } } as unknown as GatewayIdentity, users: [{ name: "a" }, { name: "a" }] }, [/error identity\.preSharedKey: is not a text/, /error identity\.authority\.certificate: is no certificate/, /users\[1\]/]],
    ["a pool within the VPC that is given", { subnetId: "subnet-given" }, [/error l2tp\.pool \("10\.77\.1\.0\/24"\): overlaps the VPC's range \(10\.77\.0\.0\/16\)/]],
  ],
  (changes) => previews("AwsGateway", changes),
);
