import * as pulumi from "@pulumi/pulumi";
import type { AwsRouteServerArgs } from "../components/aws/args";
import { AwsGateway } from "../components/aws/awsGateway";
import { awsConfig } from "./awsConfig";

/**
 * A gateway on AWS, in the region and account that `aws:region` and the environment say. Its config is in
 * `aws-remote-access.config.yaml`; what is not said there is the library's default, nothing is the lab's.
 */
export function awsRemoteAccess(): Record<string, unknown> {
  const config = new pulumi.Config();
  const gateway = new AwsGateway(config.get("name") ?? "gateway", {
    ...awsConfig(config),
    subnetId: config.get("subnetId"),
    routeServer: config.getObject<AwsRouteServerArgs>("routeServer"),
    generation: config.getNumber("generation"),
  });
  return {
    address: gateway.address,
    machineId: gateway.machineId,
    networkInterfaceId: gateway.networkInterfaceId,
    ...(gateway.connection === undefined ? {} : { gatewayConnection: gateway.connection }),
    clientSettings: gateway.clientSettings,
    clientProfiles: gateway.clientProfiles,
    identity: gateway.identity,
  };
}
