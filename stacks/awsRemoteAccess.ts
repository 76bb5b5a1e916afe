import * as pulumi from "@pulumi/pulumi";
import { AwsGateway } from "../components/aws/awsGateway";
import { remoteAccessConfig } from "./config";

/**
 * A gateway on AWS, in the region and account that `aws:region` and the environment say. Its config is in
 * `aws-remote-access.config.yaml`; what is not said there is the library's default, nothing is the lab's.
 */
export function awsRemoteAccess(): Record<string, unknown> {
  const config = new pulumi.Config();
  const common = remoteAccessConfig(config);
  const gateway = new AwsGateway(config.get("name") ?? "gateway", {
    ...common,
    l2tp: { ...common.l2tp, enabled: config.getBoolean("l2tp") ?? false, pool: config.get("l2tpPool") },
    ikev2: { ...common.ikev2, pool: config.get("ikev2Pool") },
    insideNetworks: config.getObject<string[]>("insideNetworks"),
    dns: config.getObject<string[]>("dns"),
    administrators: config.requireObject<string[]>("administrators"),
    access: config.get("access"),
    endpoint: config.get("endpoint"),
    instanceType: config.get("instanceType"),
    subnetId: config.get("subnetId"),
    networkCidr: config.get("networkCidr"),
    routeTableIds: config.getObject<Record<string, string>>("routeTableIds"),
    peers: config.getObject<string[]>("peers"),
    imageId: config.get("imageId"),
    generation: config.getNumber("generation"),
    diskGigabytes: config.getNumber("diskGigabytes"),
    diskKeyArn: config.get("diskKeyArn"),
    tags: config.getObject<Record<string, string>>("tags"),
  });
  return {
    address: gateway.address,
    machineId: gateway.machineId,
    networkInterfaceId: gateway.networkInterfaceId,
    ...(gateway.connection === undefined ? {} : { gatewayConnection: gateway.connection }),
    clientSettings: gateway.clientSettings,
  };
}
