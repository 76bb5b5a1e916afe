import * as path from "path";
import { ofType, one, plain, registered, textOf, valueOf } from "../mocks";
import { expectContract, expectOwnChildren, expectSecretsOnlyIn, listing, secretOutputs } from "../promises";
import { madePair, previews } from "./helpers";
import type { AwsGatewayPair } from "../../../aws";
import { rules } from "../../../policies/rules";

const contract = path.join(__dirname, "awsGatewayPair.contract.txt");
const remote = "command:remote:Command";
const subnets = { subnetIds: ["subnet-given", "subnet-other"], l2tp: { enabled: true, pool: "10.90.1.0/24" }, ikev2: { pool: "10.90.2.0/24" } };
const instances = () => ofType("aws:ec2/instance:Instance");
const pushed = (name: string) => textOf(ofType(remote).get(name)!.stdin);
/** A file of a part as its push carries it. */
const fileOf = (name: string, file: string) => pushed(name).split("\n").filter((line) => line.startsWith(`${file} |`)).map((line) => line.slice(file.length + 3)).join("\n");
const pairFile = (member: number) => JSON.parse(fileOf(`office-${member}-base`, "/etc/vpn-gateway/pair.json")) as Record<string, unknown>;
const ingress = () =>
  (one("aws:ec2/securityGroup:SecurityGroup") as { ingress: { protocol: string; fromPort: number; toPort: number; cidrBlocks: string[]; self?: boolean }[] }).ingress
    .map(({ protocol, fromPort, toPort, cidrBlocks, self }) => `${protocol} ${fromPort}-${toPort} ${self ? "self" : cidrBlocks.join()}`);
const said = () => registered.flatMap(({ type, inputs }) => rules.filter(({ types }) => types.includes(type)).flatMap(({ judge }) => judge(inputs, type)));
const before = (first: string, second: string) => {
  const order = registered.map(({ name }) => name);
  expect([first, second, order.includes(first), order.indexOf(first) < order.indexOf(second)]).toEqual([first, second, true, true]);
};
const listings: string[] = [];

describe("floating address", () => {
  let pair: AwsGatewayPair;
  beforeAll(async () => {
    pair = await madePair({ routeTableIds: { private: "rtb-1a" } });
    listings.push(listing("floating address, in a network that is made, with L2TP and routes"));
  });

  test("two machines, each behind its own interface, in its own zone's subnet, with an Elastic IP of its own on its first address", () => {
    expect([...instances().keys()]).toEqual(["office-2-machine", "office-1-machine"]);
    for (const member of [1, 2]) {
      expect(instances().get(`office-${member}-machine`)).toMatchObject({
        instanceType: "c7g.medium", primaryNetworkInterface: { networkInterfaceId: `office-${member}-interface-id` }, iamInstanceProfile: "office-instance-name",
        metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 }, rootBlockDevice: { encrypted: true }, tags: { Name: `office-${member}`, "vpn-gateway": "office" },
      });
      expect(ofType("aws:ec2/networkInterface:NetworkInterface").get(`office-${member}-interface`)).toMatchObject({
        subnetId: `office-subnet-${member}-id`, sourceDestCheck: false, privateIpsCount: 1, securityGroups: ["office-security-group-id"],
      });
      expect(ofType("aws:ec2/eipAssociation:EipAssociation").get(`office-${member}-address-association`)).toEqual({
        allocationId: `office-${member}-address-allocation`, networkInterfaceId: `office-${member}-interface-id`, allowReassociation: true, privateIpAddress: member === 1 ? "10.76.0.10" : "10.76.0.138",
      });
    }
    expect([...ofType("aws:ec2/subnet:Subnet").values()].map(({ cidrBlock, availabilityZone }) => [cidrBlock, availabilityZone])).toEqual([["10.76.0.0/25", "eu-central-1a"], ["10.76.0.128/25", "eu-central-1b"]]);
  });

  test("clients' Elastic IP is nobody's in the stack: whichever machine is active fetches it", async () => {
    expect(ofType("aws:ec2/eipAssociation:EipAssociation").size).toBe(2);
    expect(await valueOf(pair.address)).toBe("198.51.100.20");
    expect(await valueOf(pair.publicIps)).toEqual(["198.51.100.1", "198.51.100.2"]);
    // In use it cannot be given back: what may have it goes first.
    before("office-address", "office-1-interface");
    before("office-address", "office-2-interface");
  });

  test("each is told whose address and interface are its own, and the two of each other", () => {
    const routes = [{ routeTableId: "rtb-1a", destination: "10.77.1.0/24" }, { routeTableId: "rtb-1a", destination: "10.77.2.0/24" }];
    const move = { region: "eu-central-1", allocationId: "office-address-allocation", publicIp: "198.51.100.20", routes };
    expect(pairFile(1)).toMatchObject({ member: 1, address: "10.76.0.10", peer: "10.76.0.138", endpoint: "198.51.100.20", move: { ...move, networkInterfaceId: "office-1-interface-id", privateAddress: "10.76.0.11" } });
    expect(pairFile(2)).toMatchObject({ member: 2, address: "10.76.0.138", peer: "10.76.0.10", endpoint: "198.51.100.20", move: { ...move, networkInterfaceId: "office-2-interface-id", privateAddress: "10.76.0.139" } });
    expect(fileOf("office-1-base", "/etc/swanctl/conf.d/vpn-gateway.conf")).not.toMatch(/encap/);
    expect([1, 2].map((member) => /addrs = (10\.77\.2\S+)/.exec(fileOf(`office-${member}-base`, "/etc/swanctl/conf.d/vpn-gateway.conf"))?.[1])).toEqual(["10.77.2.0/25", "10.77.2.128/25"]);
  });

  test("the role moves this address between these two interfaces, and the routes of this table, and may do nothing else", () => {
    const ec2 = "arn:aws:ec2:eu-central-1:123456789012";
    expect(JSON.parse(one("aws:iam/rolePolicy:RolePolicy").policy as string)).toEqual({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "ec2:AssociateAddress", Resource: [`${ec2}:elastic-ip/office-address-allocation`, `${ec2}:network-interface/office-1-interface-id`, `${ec2}:network-interface/office-2-interface-id`] },
        { Effect: "Allow", Action: "ec2:AssociateAddress", Resource: `${ec2}:instance/*`, Condition: { ArnEquals: { "ec2:InstanceProfile": "office-instance-arn" } } },
        { Effect: "Allow", Action: "ec2:ReplaceRoute", Resource: [`${ec2}:route-table/rtb-1a`] },
      ],
    });
    for (const part of ["base", "host-command"]) before("office-role-policy", `office-2-${part}`);
    for (const route of ["office-route-private-l2tp", "office-route-private-ikev2"]) before(route, "office-2-base");
  });

  test("VRRP and the question whether IKE answers come from the pair itself, and no health check from anywhere", () => {
    expect(ingress()).toEqual(["udp 500-500 0.0.0.0/0", "udp 4500-4500 0.0.0.0/0", "50 0-0 0.0.0.0/0", "icmp 3-4 0.0.0.0/0", "tcp 22-22 203.0.113.0/24", "112 0-0 self", "udp 500-500 self"]);
  });

  test("the second machine has all of its parts and stands before the first is made", () => {
    before("office-2-users", "office-2-stands");
    before("office-2-stands", "office-1-machine");
    before("office-1-users", "office-1-stands");
    for (const member of [1, 2]) expect(ofType(remote).get(`office-${member}-stands`)).toMatchObject({ triggers: [`office-${member}-machine-id`, "c7g.medium"] });
  });

  test("one of everything that is shared, and a host key of its own for each machine", () => {
    for (const [type, count] of [["tls:index/selfSignedCert:SelfSignedCert", 1], ["tls:index/locallySignedCert:LocallySignedCert", 1], ["random:index/randomPassword:RandomPassword", 1], ["aws:ec2/securityGroup:SecurityGroup", 1]] as const) {
      expect([type, ofType(type).size]).toEqual([type, count]);
    }
    for (const part of ["identity", "passwords", "users"]) expect([part, pushed(`office-1-${part}`)]).toEqual([part, pushed(`office-2-${part}`)]);
    const pinned = Object.fromEntries([...ofType(remote)].map(([name, { connection }]) => [name, plain<{ host: string; hostKey: string }>(connection)]));
    for (const member of [1, 2]) {
      expect(pinned[`office-${member}-host-key`]).toMatchObject({ host: `198.51.100.${member}`, hostKey: `ssh-ed25519 AAAAoffice-${member}-bootstrap-host-key` });
      for (const push of ["host-command", "identity", "base", "base-confirm", "users", "stands"]) {
        expect(pinned[`office-${member}-${push}`]).toMatchObject({ host: `198.51.100.${member}`, hostKey: `office-${member}-host-key` });
      }
    }
  });

  test("no input that is not a secret holds one, of any resource", async () => {
    await expectSecretsOnlyIn(["office-1-identity", "office-1-passwords", "office-2-identity", "office-2-passwords"], pair.clientSettings);
    expect(await secretOutputs(pair, ["clientSettings", "identity", "connections", "address", "publicIps", "machineIds", "networkInterfaceIds"])).toEqual(["clientSettings", "identity", "connections"]);
  });

  test("parents: everything is the pair's own child; everything that takes tags has them; the policy pack has nothing against it", async () => {
    await expectOwnChildren(pair, "pulumi-vpn-gateway:aws:AwsGatewayPair");
    const untagged = registered.filter(({ type, inputs }) => type.startsWith("aws:") && inputs.tags === undefined).map(({ type }) => type.split(":")[2]);
    expect([...new Set(untagged)].sort()).toEqual(["EipAssociation", "RolePolicy", "Route", "RouteTableAssociation"]);
    expect(said()).toEqual([]);
  });
});

describe("load balancer", () => {
  let pair: AwsGatewayPair;
  beforeAll(async () => {
    pair = await madePair({ ...subnets, front: "loadBalancer", masquerade: "everywhere", administratorKey: { privateKey: "PRIVATE", publicKey: "ssh-ed25519 AAAAadmin" } });
    listings.push(listing("load balancer, in subnets that are given, with a key that is given"));
  });

  test("a Network Load Balancer in both subnets, across zones; clients are told its name", async () => {
    expect(one("aws:lb/loadBalancer:LoadBalancer")).toMatchObject({
      loadBalancerType: "network", internal: false, subnets: ["subnet-given", "subnet-other"], enableCrossZoneLoadBalancing: true,
    });
    expect(await valueOf(pair.address)).toBe("office-nlb-0123.elb.eu-central-1.amazonaws.com");
    expect(one("tls:index/certRequest:CertRequest").dnsNames).toEqual(["office-nlb-0123.elb.eu-central-1.amazonaws.com"]);
  });

  test("UDP 500 and 4500, by source address, of which the active machine's health port decides: 5 s, twice", () => {
    for (const [what, port] of [["ike", 500], ["natt", 4500]] as const) {
      expect(ofType("aws:lb/targetGroup:TargetGroup").get(`office-${what}`)).toMatchObject({
        vpcId: "vpc-given", protocol: "UDP", port, targetType: "instance", preserveClientIp: "true", proxyProtocolV2: false,
        stickiness: { type: "source_ip", enabled: true }, connectionTermination: true, deregistrationDelay: 0,
        healthCheck: { enabled: true, protocol: "TCP", port: "8500", interval: 5, healthyThreshold: 2, unhealthyThreshold: 2 },
      });
      // The provider takes it for TCP and TLS alone.
      expect(ofType("aws:lb/targetGroup:TargetGroup").get(`office-${what}`)!.targetHealthStates).toBeUndefined();
      expect(ofType("aws:lb/listener:Listener").get(`office-${what}-listener`)).toMatchObject({
        protocol: "UDP", port, loadBalancerArn: "office-nlb-arn", defaultActions: [{ type: "forward", targetGroupArn: `office-${what}-arn` }],
      });
      for (const member of [1, 2]) {
        expect(ofType("aws:lb/targetGroupAttachment:TargetGroupAttachment").get(`office-${what}-${member}`)).toEqual({ targetGroupArn: `office-${what}-arn`, targetId: `office-${member}-machine-id` });
      }
    }
    expect(ofType("aws:lb/listener:Listener").size).toBe(2);
  });

  test("the machines have no role, no second address and nothing to move; ESP is in UDP always", () => {
    expect(registered.some(({ type }) => type.startsWith("aws:iam/"))).toBe(false);
    for (const [name, inputs] of instances()) expect([name, inputs.iamInstanceProfile]).toEqual([name, undefined]);
    for (const [name, inputs] of ofType("aws:ec2/networkInterface:NetworkInterface")) expect([name, inputs.privateIpsCount]).toEqual([name, undefined]);
    for (const member of [1, 2]) {
      expect(pairFile(member)).toMatchObject({ front: "loadBalancer", floating: [] });
      expect(pairFile(member).move).toBeUndefined();
      expect(fileOf(`office-${member}-base`, "/etc/swanctl/conf.d/vpn-gateway.conf").match(/encap = yes/g)).toHaveLength(2);
    }
    expect([...ofType("aws:ec2/eip:Eip").keys()].sort()).toEqual(["office-1-address", "office-2-address"]);
  });

  test("health checks get in from the two subnets alone, at the group and on the machine, and ESP from nowhere", () => {
    expect(ingress()).toEqual(["udp 500-500 0.0.0.0/0", "udp 4500-4500 0.0.0.0/0", "icmp 3-4 0.0.0.0/0", "tcp 22-22 203.0.113.0/24", "112 0-0 self", "udp 500-500 self", "tcp 8500-8500 172.31.1.0/24,172.31.2.0/24"]);
    expect(fileOf("office-1-base", "/etc/vpn-gateway/firewall.nft")).toMatch(/172\.31\.1\.0-172\.31\.2\.255|172\.31\.1\.0\/24, 172\.31\.2\.0\/24/);
    expect(said()).toEqual([]);
  });
});

describe("a DNS name", () => {
  const named = { front: "dns", endpoint: "vpn.example.com", zoneId: "Z0123456789ABC", routeTableIds: { private: "rtb-1a" } };
  let pair: AwsGatewayPair;
  beforeAll(async () => {
    pair = await madePair(named);
    listings.push(listing("DNS name, in a network that is made, with L2TP and routes"));
  });

  test("one A record for each machine's own Elastic IP, which the name has while it answers health checks: 10 s, twice", async () => {
    expect(await valueOf(pair.address)).toBe("vpn.example.com");
    for (const member of [1, 2]) {
      expect(ofType("aws:route53/record:Record").get(`office-${member}-record`)).toEqual({
        zoneId: "Z0123456789ABC", name: "vpn.example.com", type: "A", ttl: 30, records: [`198.51.100.${member}`],
        multivalueAnswerRoutingPolicy: true, setIdentifier: `office-${member}`, healthCheckId: `office-${member}-health-id`,
      });
      expect(ofType("aws:route53/healthCheck:HealthCheck").get(`office-${member}-health`)).toMatchObject({ type: "TCP", ipAddress: `198.51.100.${member}`, port: 8500, requestInterval: 10, failureThreshold: 2 });
      before(`office-${member}-stands`, `office-${member}-record`);
    }
    expect(one("tls:index/certRequest:CertRequest").dnsNames).toEqual(["vpn.example.com"]);
  });

  test("health checks get in from Route 53's ranges alone, at the group and on the machine; there is no VRRP, and ESP may come bare", () => {
    expect(ingress()).toEqual(["udp 500-500 0.0.0.0/0", "udp 4500-4500 0.0.0.0/0", "50 0-0 0.0.0.0/0", "icmp 3-4 0.0.0.0/0", "tcp 22-22 203.0.113.0/24", "udp 500-500 self", "tcp 8500-8500 15.177.0.0/18,54.228.16.0/26"]);
    expect(fileOf("office-1-base", "/etc/vpn-gateway/firewall.nft")).toMatch(/15\.177\.0\.0\/18|15\.177\.0\.0-/);
    expect(pushed("office-1-base")).not.toContain("keepalived");
    expect(said()).toEqual([]);
  });

  test("each machine knows where the other's clients are, and the routes lead to each one's half of the pools", () => {
    expect(pairFile(1)).toMatchObject({ front: "dns", floating: [], endpoint: "vpn.example.com", peerEndpoint: "198.51.100.2", drainSeconds: 60 });
    expect(pairFile(2)).toMatchObject({ peerEndpoint: "198.51.100.1" });
    const routes = [...ofType("aws:ec2/route:Route")].filter(([name]) => !name.includes("internet")).map(([, { routeTableId, destinationCidrBlock, networkInterfaceId }]) => `${routeTableId as string} ${destinationCidrBlock as string} ${networkInterfaceId as string}`);
    expect(routes.sort()).toEqual([
      "rtb-1a 10.77.1.0/25 office-1-interface-id", "rtb-1a 10.77.1.128/25 office-2-interface-id",
      "rtb-1a 10.77.2.0/25 office-1-interface-id", "rtb-1a 10.77.2.128/25 office-2-interface-id",
    ]);
  });

  test("nothing moves: no role, no clients' Elastic IP, no load balancer", () => {
    expect(registered.filter(({ type }) => /^aws:(iam|lb)\//.test(type))).toEqual([]);
    expect([...ofType("aws:ec2/eip:Eip").keys()].sort()).toEqual(["office-1-address", "office-2-address"]);
    for (const member of [1, 2]) expect(pairFile(member).move).toBeUndefined();
  });
});

test("types and names of its children are the contract's", () => {
  expectContract(contract, listings);
});

describe("refused at preview, with nothing made", () => {
  const bad: [string, object, RegExp[]][] = [
    ["an unknown front, a type without AES, SSH from anywhere and a bad route table, all at once", { front: "anycast", instanceType: "m1.small", administrators: ["0.0.0.0/0"], routeTableIds: { main: "table" } }, [/error pair\.front \("anycast"\)[^]*floatingAddress, loadBalancer, dns, loadSharing/, /error instanceType/, /error administrators\[0\]/, /error routeTableIds\.main/]],
    ["administrators from nowhere, where SSH is the way in", { administrators: [] }, [/error administrators .*lets nobody in by SSH[^\n]*\n *Name the range that `pulumi up` runs in, or use access "systemsManager"\.$/m]],
    ["Systems Manager with SSH beside it, and an image without its agent", { access: "systemsManager" }, [/error administrators .*opens SSH, which nobody needs/, /error access \("systemsManager"\): needs an image with Systems Manager's agent/]],
    ["one subnet", { ...subnets, subnetIds: ["subnet-given"] }, [/error subnetIds \(1\): is not the number/]],
    ["no subnet", { ...subnets, subnetIds: [] }, [/error subnetIds \(0\): is not the number/]],
    ["one subnet twice", { ...subnets, subnetIds: ["subnet-given", "subnet-given"] }, [/error subnetIds\[1\] \("subnet-given"\): is the first machine's subnet/]],
    ["subnets of two VPCs", { ...subnets, subnetIds: ["subnet-given", "subnet-elsewhere"] }, [/error subnetIds\[1\] .*is in another VPC \(vpc-elsewhere\)/]],
    ["a load balancer that AWS has not", { front: "loadSharing" }, [/error front \("loadSharing"\): is not to be had of AWS/]],
    ["a load balancer with both subnets in one zone", { ...subnets, front: "loadBalancer", subnetIds: ["subnet-given", "subnet-same"] }, [/error subnetIds\[1\] .*availability zone eu-central-1a; a load balancer takes one/]],
    ["a pool within the VPC that is given", { ...subnets, ikev2: { pool: "172.31.9.0/24" } }, [/error ikev2\.pool \("172\.31\.9\.0\/24"\): overlaps the VPC's range/]],
    ["a pool whose half is too small", { ikev2: { pool: "10.90.2.0/31" } }, [/error ikev2\.pool .*on each machine of the pair/]],
    ["a network too small for two subnets", { networkCidr: "10.76.0.0/28" }, [/error networkCidr .*too small for two subnets/]],
    ["a name that is not given, nor its zone", { front: "dns" }, [/error endpoint: is missing, and clients find the two machines by it/, /error zoneId: is missing/]],
    ["an address for a name, and a zone by its name", { front: "dns", endpoint: "198.51.100.7", zoneId: "example.com" }, [/error endpoint \("198\.51\.100\.7"\): is an address/, /error zoneId \("example\.com"\): is no id/]],
    ["a zone where no name is kept", { zoneId: "Z0123456789" }, [/error zoneId .*has no meaning with front floatingAddress/]],
    ["sites behind a load balancer, which no tunnel comes from", { front: "loadBalancer", masquerade: "everywhere", sites: { enabled: true } }, [/error sites \(true\): is not to be had behind a load balancer: the other site wants one address that it is dialled from, too[^\n]*\n *Use front "floatingAddress"/]],
    ["sites behind a name, an LNS and a segment of Ethernet", { front: "dns", endpoint: "vpn.example.com", zoneId: "Z0123456789ABC", sites: { enabled: true, lac: true, layerTwo: true } }, [/error sites \(true\): is not to be had behind a DNS name/, /error sites\.lac/, /error sites\.layerTwo/]],
    ["routes to other sites where there is no room for any, no table, and no network", { siteNetworks: { branch: "10.30.0.1/24", all: "0.0.0.0/0", six: "fd30::/64" } }, [/error siteNetworks\.branch/, /error siteNetworks\.all/, /error siteNetworks\.six/, /error siteNetworks .*there is no room for any/, /error siteNetworks .*none is named/]],
    ["routes to other sites that nothing moves", { front: "dns", endpoint: "vpn.example.com", zoneId: "Z0123456789ABC", sites: { enabled: true }, routeTableIds: { main: "rtb-1a" }, siteNetworks: { branch: "10.30.0.0/24" } }, [/error siteNetworks .*with front dns nothing moves them/]],
    ["routes behind a load balancer", { front: "loadBalancer", routeTableIds: { main: "rtb-1a" } }, [/error routeTableIds .*nothing moves them/]],
  ];
  const previewed = previews("AwsGatewayPair", [{}, { ...subnets, subnetIds: ["subnet-given", "subnet-same"] }, ...bad.map(([, changes]) => changes)]);

  test.each(bad.map(([title, , expected], index) => [title, expected, index + 2] as const))("%s", async (_, expected, index) => {
    const { message, registered: names } = (await previewed)[index];
    for (const each of expected) expect(message).toMatch(each);
    expect(message).not.toContain("canary");
    expect(names).toEqual(["office"]);
  });

  test("the twins: what is not wrong is made, and both machines in one zone are a warning where an address floats", async () => {
    const found = await previewed;
    for (const { message, registered: names } of found.slice(0, 2)) {
      expect(message).toBe("taken");
      expect(names.length).toBeGreaterThan(30);
    }
    expect(found[0].warned).toBe("");
    expect(found[1].warned).toMatch(/1 warning[^]*warning subnetIds\[1\] \("subnet-same"\): both machines of the pair are in availability zone eu-central-1a/);
  });
});
