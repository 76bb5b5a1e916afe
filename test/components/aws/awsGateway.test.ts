import * as path from "path";
import * as pulumi from "@pulumi/pulumi";
import { ofType, one, registered, textOf, valueOf } from "../mocks";
import { isSecretInput } from "../previews";
import { expectContract, expectNothingOfTheTunnel, expectOwnChildren, expectOwnHostKeys, expectSecretsOnlyIn, listing, refusedAtPreview, secretOutputs } from "../promises";
import { made, previews } from "./helpers";
import type { AwsGateway, AwsGatewayArgs } from "../../../aws";
import type { GatewayIdentity } from "../../../gateway/identity";
import { asOf } from "../../../gateway/site/bgp";

const contract = path.join(__dirname, "awsGateway.contract.txt");
const remote = "command:remote:Command";
const instance = () => one("aws:ec2/instance:Instance");

/** A gateway for sites alone whose VPC is told what they have. */
const forSites: Partial<AwsGatewayArgs> = {
  users: [], l2tp: undefined, ikev2: { enabled: false }, sites: { enabled: true, bgp: true }, insideNetworks: ["10.76.0.0/24"], routeServer: {},
};

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
    await listed("for sites, with a route server", forSites),
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

describe("a route server", () => {
  const peer = (number: number) => ofType("aws:vpc/routeServerPeer:RouteServerPeer").get(`office-route-server-peer-${number}`);

  test("stands in the gateway's network, with two endpoints in its subnet, and fills that network's table", async () => {
    await made(forSites);
    expect(one("aws:vpc/routeServer:RouteServer")).toMatchObject({ amazonSideAsn: 64512, persistRoutes: "disable" });
    expect(one("aws:vpc/routeServerVpcAssociation:RouteServerVpcAssociation")).toEqual({ routeServerId: "office-route-server-id", vpcId: "office-vpc-id" });
    expect([...ofType("aws:vpc/routeServerEndpoint:RouteServerEndpoint").values()]).toEqual([expect.objectContaining({ subnetId: "office-subnet-id" }), expect.objectContaining({ subnetId: "office-subnet-id" })]);
    expect(one("aws:vpc/routeServerPropagation:RouteServerPropagation")).toEqual({ routeServerId: "office-route-server-id", routeTableId: "office-routes-id" });
    const order = registered.map(({ name }) => name);
    for (const after of ["office-route-server-endpoint-1", "office-route-server-own"]) expect([after, order.indexOf("office-route-server-vpc") < order.indexOf(after)]).toEqual([after, true]);
  });

  test("has the gateway's interface as peer of each endpoint, with BFD, by the AS number that its connections have", async () => {
    await made(forSites);
    for (const number of [1, 2]) {
      expect(peer(number)).toMatchObject({ routeServerEndpointId: `office-route-server-endpoint-${number}-id`, peerAddress: "10.76.0.10", bgpOptions: { peerAsn: asOf("office"), peerLivenessDetection: "bfd" } });
    }
  });

  test("is what the gateway's BGP is told of, and its firewall and its group let in", async () => {
    await made(forSites);
    const base = textOf(ofType(remote).get("office-base")!.stdin);
    for (const line of [`router bgp ${asOf("office")}`, "neighbor 10.76.0.5 remote-as 64512", "neighbor 10.76.0.6 bfd", "elements = { 10.76.0.5/32, 10.76.0.6/32 }"]) expect(base).toContain(line);
    const { ingress } = one("aws:ec2/securityGroup:SecurityGroup") as { ingress: { protocol: string; fromPort: number; cidrBlocks: string[] }[] };
    expect(ingress.filter(({ fromPort }) => [179, 3784].includes(fromPort)).map(({ protocol, cidrBlocks }) => [protocol, cidrBlocks])).toEqual([["tcp", ["10.76.0.5/32", "10.76.0.6/32"]], ["udp", ["10.76.0.5/32", "10.76.0.6/32"]]]);
  });

  test("by choice: tables that are named, numbers, one endpoint; another generation is another peer", async () => {
    await made({ ...forSites, subnetId: "subnet-given", insideNetworks: ["172.31.0.0/16"], generation: 2, routeServer: { routeTableIds: { private: "rtb-1", database: "rtb-2" }, as: 65000, gatewayAs: 65001, endpoints: 1 } });
    expect(Object.fromEntries([...ofType("aws:vpc/routeServerPropagation:RouteServerPropagation")].map(([name, { routeTableId }]) => [name, routeTableId]))).toEqual({ "office-route-server-private": "rtb-1", "office-route-server-database": "rtb-2" });
    expect(one("aws:vpc/routeServerPeer:RouteServerPeer")).toMatchObject({ bgpOptions: { peerAsn: 65001 } });
    expect([...ofType("aws:vpc/routeServerPeer:RouteServerPeer").keys()]).toEqual(["office-route-server-peer-1-2"]);
  });

  test("without one there is nothing of it", async () => {
    await made({ ...forSites, routeServer: undefined });
    expect(registered.filter(({ type }) => type.startsWith("aws:vpc/"))).toEqual([]);
    expect(textOf(ofType(remote).get("office-base")!.stdin)).not.toContain("route_server");
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
    ["a route server that nobody would tell anything, beside the rest", { routeServer: { as: 23456, endpoints: 3 }, subnetId: "subnet-given", users: [{ name: "a" }, { name: "a" }] }, [/error routeServer: is told what site connections/, /error routeServer\.routeTableIds/, /error routeServer\.endpoints/, /error routeServer\.as/, /users\[1\]/]],
    ["a pool within the VPC that is given", { subnetId: "subnet-given" }, [/error l2tp\.pool \("10\.77\.1\.0\/24"\): overlaps the VPC's range \(10\.77\.0\.0\/16\)/]],
  ],
  (changes) => previews("AwsGateway", changes),
);

test("a public CA may ask at port 80 where the gateway's certificate is of one", async () => {
  const ports = () => (one("aws:ec2/securityGroup:SecurityGroup") as { ingress: { protocol: string; fromPort: number }[] }).ingress.filter(({ protocol }) => protocol === "tcp").map(({ fromPort }) => fromPort);
  await made({});
  expect(ports()).toEqual([22]);
  await made({ endpoint: "vpn.example.com", ikev2: { acme: { termsAgreed: true } } });
  expect(ports()).toEqual([22, 80]);
});
