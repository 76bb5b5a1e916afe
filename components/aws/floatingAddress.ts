import * as pulumi from "@pulumi/pulumi";
import { InstanceProfile } from "@pulumi/aws/iam/instanceProfile";
import type { NetworkInterface } from "@pulumi/aws/ec2/networkInterface";
import { Role } from "@pulumi/aws/iam/role";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy";
import { machineMayMove, machineTrust } from "../../gateway/aws/policies";
import type { AwsMoveSpec } from "../../gateway/spec";
import type { ElasticAddress } from "./machine";
import type { Tags } from "./network";

/** The role by which the active machine of a pair fetches address and routes. */
export interface MovingRole {
  /** Name of the profile that both machines have. */
  instanceProfile: pulumi.Output<string>;
  /** What must be there before a machine becomes active. */
  granted: pulumi.Resource[];
}

/** A role for these two interfaces, this address and these tables. */
export function movingRole(
  name: string,
  address: ElasticAddress,
  interfaces: readonly NetworkInterface[],
  routeTableIds: pulumi.Output<string[]>,
  good: pulumi.Output<unknown>,
  tags: Tags,
  opts: pulumi.CustomResourceOptions,
): MovingRole {
  const role = new Role(`${name}-role`, { assumeRolePolicy: good.apply(() => machineTrust), tags }, opts);
  const profile = new InstanceProfile(`${name}-instance`, { role: role.name, tags }, opts);
  const policy = pulumi
    .all([address.arn, pulumi.all(interfaces.map(({ arn }) => arn)), profile.arn, routeTableIds])
    .apply(([addressArn, interfaceArns, profileArn, tables]) => machineMayMove(addressArn, interfaceArns, profileArn, tables));
  return { instanceProfile: profile.name, granted: [new RolePolicy(`${name}-role-policy`, { role: role.id, policy }, opts)] };
}

/** What the first machine is told; see `otherMachine` for the second. */
export function moveOf(
  address: ElasticAddress,
  interfaces: readonly NetworkInterface[],
  routes: pulumi.Output<AwsMoveSpec["routes"]>,
): pulumi.Output<AwsMoveSpec> {
  const ofMachine = ({ id, privateIp, privateIps }: NetworkInterface) => pulumi.all([id, privateIp, privateIps]);
  return pulumi
    .all([address.arn, address.allocationId, address.publicIp, routes, ofMachine(interfaces[0]), ofMachine(interfaces[1])])
    .apply(([arn, allocationId, publicIp, plain, [own, ownFirst, ownAll], [peer, peerFirst, peerAll]]) => ({
      region: arn.split(":")[3],
      allocationId,
      publicIp,
      networkInterfaceId: own,
      privateAddress: secondAddress(own, ownFirst, ownAll),
      peerNetworkInterfaceId: peer,
      peerPrivateAddress: secondAddress(peer, peerFirst, peerAll),
      routes: plain,
    }));
}

function secondAddress(networkInterface: string, first: string, all: readonly string[]): string {
  const found = all.find((address) => address !== first);
  if (found === undefined) throw new Error(`the interface ${networkInterface} has no second private address for the Elastic IP: assign one to it, and run up again`);
  return found;
}
