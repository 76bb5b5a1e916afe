import * as pulumi from "@pulumi/pulumi";
import type { InstanceProfile } from "@pulumi/aws/iam/instanceProfile";
import type { NetworkInterface } from "@pulumi/aws/ec2/networkInterface";
import { machineMayMove, type Statement } from "../../gateway/aws/policies";
import type { AwsMoveSpec } from "../../gateway/spec";
import { attempt } from "../attempt";
import type { ElasticAddress } from "./machine";

/** What the active machine of a pair needs to fetch this address and these tables' routes, for one of these two interfaces. */
export function mayMove(
  address: ElasticAddress,
  interfaces: readonly NetworkInterface[],
  profile: InstanceProfile,
  routeTableIds: pulumi.Output<string[]>,
): pulumi.Output<Statement[]> {
  return pulumi
    .all([address.arn, pulumi.all(interfaces.map(({ arn }) => arn)), profile.arn, routeTableIds])
    .apply(([addressArn, interfaceArns, profileArn, tables]) => machineMayMove(addressArn, interfaceArns, profileArn, tables));
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
    .apply(([arn, allocationId, publicIp, plain, [own, ownFirst, ownAll], [peer, peerFirst, peerAll]]) =>
      attempt(() => ({
        region: arn.split(":")[3],
        allocationId,
        publicIp,
        networkInterfaceId: own,
        privateAddress: secondAddress(own, ownFirst, ownAll),
        peerNetworkInterfaceId: peer,
        peerPrivateAddress: secondAddress(peer, peerFirst, peerAll),
        routes: plain,
      })),
    );
}

function secondAddress(networkInterface: string, first: string, all: readonly string[]): string {
  const found = all.find((address) => address !== first);
  if (found === undefined) throw new Error(`the interface ${networkInterface} has no second private address for the Elastic IP: assign one to it, and run up again`);
  return found;
}
