import { awsProblems, type AwsFacts } from "../../../gateway/aws/validate";
import { instanceTypeFacts, architectureOf, defaultInstanceType } from "../../../gateway/aws/instanceTypes";
import { imageParameter } from "../../../gateway/aws/images";
import { tagProblems, tagsOf } from "../../../gateway/aws/tags";
import type { GatewaySpec } from "../../../gateway/spec";
import { exampleSpec } from "../specs";

const facts: AwsFacts = {
  instanceType: defaultInstanceType, imageChosen: false, peers: ["0.0.0.0/0", "::/0"], l2tpOutsideIpsec: false, diskGigabytes: 8,
  tags: {}, networkCidr: "10.76.0.0/24", access: "ssh", generation: 1,
};
const told = (changes: Partial<AwsFacts>, spec: Partial<GatewaySpec> = {}) =>
  awsProblems(exampleSpec(spec), { ...facts, ...changes }).map(({ severity, path, message }) => `${severity} ${path}: ${message}`);

test("the defaults have no problem, nor has what is not known yet", () => {
  expect(told({})).toEqual([]);
  expect(awsProblems(exampleSpec(), { imageChosen: false, access: "ssh", generation: 1 })).toEqual([]);
});

const bad: [string, Partial<AwsFacts>, Partial<GatewaySpec>, RegExp][] = [
  ["a type without AES", { instanceType: "m1.small" }, {}, /^error instanceType: cannot carry a gateway: its family has no AES/],
  ["a type without ENA", { instanceType: "t2.micro" }, {}, /^error instanceType: .* no Elastic Network Adapter/],
  ["a type of a previous generation", { instanceType: "a1.medium" }, {}, /^error instanceType: .* previous generation/],
  ["a type of no known family", { instanceType: "z99.large" }, {}, /^error instanceType: is of a family that the library does not know/],
  ["a type that is none", { instanceType: "large" }, {}, /^error instanceType: is no instance type/],
  ["an image that is none", { imageId: "debian-13", imageChosen: true }, {}, /^error imageId: is no id of an image/],
  ["a platform that no image of is chosen", {}, { platform: "el9" }, /^error platform: is for an existing host alone: no image of it is chosen/],
  ["nobody who may connect", { peers: [] }, {}, /^error peers: lets nobody reach/],
  ["a peer that is no range", { peers: ["0.0.0.0/0", "198.51.100.7"] }, {}, /^error peers\[1\]: is not a network/],
  ["L2TP outside of IPsec", { l2tpOutsideIpsec: true }, {}, /^warning openL2tpOutsideIpsec: opens UDP 1701/],
  ["SSH from anywhere", {}, { administrators: ["198.51.100.0/24", "0.0.0.0/0"] }, /^error administrators\[1\]: opens SSH to the world/],
  ["SSH from anywhere in IPv6", {}, { administrators: ["::/0"] }, /^error administrators\[0\]: opens SSH to the world/],
  ["SSH from nowhere", {}, { administrators: [] }, /^error administrators: lets nobody in/],
  ["an unknown way in", { access: "telnet" }, {}, /^error access: is not a word/],
  ["SSH beside Systems Manager", { access: "systemsManager" }, { platform: "ubuntu2404" }, /^error administrators: opens SSH, which nobody needs/],
  ["Systems Manager without its agent", { access: "systemsManager" }, { administrators: [] }, /^error access: needs an image with Systems Manager's agent/],
  ["a disk too small for the image", { diskGigabytes: 4 }, {}, /^error diskGigabytes: is not a whole number from 8/],
  ["half a gigabyte", { diskGigabytes: 8.5 }, {}, /^error diskGigabytes/],
  ["a machine that is not counted", { generation: 0 }, {}, /^error generation/],
  ["a network that EC2 cannot make", { networkCidr: "10.0.0.0/8" }, {}, /^error networkCidr: is not an IPv4 network from \/16 to \/28/],
  ["a network with host bits", { networkCidr: "10.76.0.1/24" }, {}, /^error networkCidr/],
  ["a pool in the network that is made", { networkCidr: "10.77.1.0/24" }, {}, /^error l2tp.pool: overlaps networkCidr \(10\.77\.1\.0\/24\)/],
  ["a pool in the VPC", { networkCidr: undefined, vpcCidrs: ["172.31.0.0/16", "10.77.2.0/25"] }, {}, /^error ikev2.pool: overlaps the VPC's range \(10\.77\.2\.0\/25\)/],
  ["a name too long for IAM", {}, { name: "x".repeat(48) }, /^error name: has 48 characters, and AWS's names leave room for 47/],
  ["a name that is an id's of security groups", {}, { name: "sg-office" }, /^error name: begins with sg-, which AWS does not take of security groups/],
  ["a name that AWS keeps for its documents", { access: "systemsManager" }, { name: "aws-office", administrators: [], platform: "ubuntu2404" }, /^error name: begins with aws, .* documents/],
  ["a name that no bucket may have", { access: "systemsManager" }, { name: "sthree-office", administrators: [], platform: "ubuntu2404" }, /^error name: begins with sthree-, .* buckets/],
  ["more administrators than user data holds", {}, { administrators: Array.from({ length: 900 }, (_, i) => `198.51.${i >> 8}.${i & 255}/32`) }, /^error administrators: user data has \d+ bytes/],
];
test.each(bad)("%s", (_, changes, spec, expected) => {
  expect(told(changes, spec)).toContainEqual(expect.stringMatching(expected));
});

const good: [string, Partial<AwsFacts>, Partial<GatewaySpec>][] = [
  ["amd64", { instanceType: "c7i-flex.large" }, {}],
  ["an image of one's own", { imageId: "ami-0123456789abcdef0", imageChosen: true }, {}],
  ["peers of both families", { peers: ["198.51.100.0/24", "2001:db8::/32"] }, {}],
  ["no SSH where there is another way in", { access: "systemsManager" }, { administrators: [], platform: "ubuntu2404" }],
  ["a VPC beside the pools", { networkCidr: undefined, vpcCidrs: ["172.31.0.0/16"] }, {}],
  ["a name that only a document may not have, where there is none", {}, { name: "aws-office" }],
  ["the longest name", {}, { name: "x".repeat(47) }],
  ["a hundred administrators", {}, { administrators: Array.from({ length: 100 }, (_, i) => `198.51.100.${i}/32`) }],
];
test.each(good)("the twin: %s", (_, changes, spec) => {
  expect(told(changes, spec)).toEqual([]);
});

test("an unknown family with an image of its own is the user's to know", () => {
  expect(told({ instanceType: "z99.large", imageId: "ami-0123456789abcdef0", imageChosen: true })).toEqual([
    "warning instanceType: is of a family that the library does not know",
  ]);
});

test("what AWS would refuse of tags", () => {
  const said = (tags: Record<string, string>) => tagProblems("office", tags).map(({ path, message }) => `${path}: ${message}`);
  expect(said({ cost: "42", "team:name": "a b+c=d@e/f_g" })).toEqual([]);
  expect(said({ "": "x" })[0]).toMatch(/has an empty key/);
  expect(said({ "AWS:cost": "x" })[0]).toMatch(/begins with aws:/);
  expect(said({ ["k".repeat(129)]: "x" })[0]).toMatch(/longer than 128/);
  expect(said({ k: "v".repeat(257) })[0]).toMatch(/longer than 256/);
  expect(said({ "a;b": "x" })[0]).toMatch(/key with a character/);
  expect(said({ k: "a\nb" })[0]).toMatch(/holds a character/);
  expect(said({ k: 42 as never })[0]).toMatch(/is not a text/);
  const many = (number: number) => Object.fromEntries(Array.from({ length: number }, (_, i) => [`k${i}`, ""]));
  expect(said(many(48))).toEqual([]);
  expect(said(many(49))[0]).toMatch(/^tags: is more than the 50 tags/);
  expect(tagsOf("office", { Name: "mine" })).toEqual({ Name: "mine", "vpn-gateway": "office" });
});

test("families: architecture by name, and no family in two tables", () => {
  expect(["t4g.small", "c7gn.xlarge", "m9g.medium", "r8gd.metal-24xl"].map(architectureOf)).toEqual(Array(4).fill("arm64"));
  expect(["t3.micro", "c7i-flex.large", "m8azn.large", "r5.24xlarge"].map(architectureOf)).toEqual(Array(4).fill("amd64"));
  expect(instanceTypeFacts("constructor.large")).toEqual({ kind: "unknown" });
  expect(instanceTypeFacts("c7g")).toEqual({ kind: "malformed" });
});

test("images: the owners' public parameters", () => {
  expect(imageParameter("debian13", "arm64")).toBe("/aws/service/debian/release/13/latest/arm64");
  expect(imageParameter("ubuntu2404", "amd64")).toBe("/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id");
});
