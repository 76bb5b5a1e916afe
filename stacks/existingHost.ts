import * as pulumi from "@pulumi/pulumi";
import { keysAlone, labMachine } from "../components/labMachine";
import { LabWorld } from "../components/labWorld";
import { SshGateway } from "../components/sshGateway";
import { sshKey } from "../components/sshKey";
import { gatewayLinks, labAddresses } from "../lab/networks";
import { labName, remoteAccessConfig } from "./config";

/**
 * `SshGateway` as its users have it: a Debian host that somebody else made, reached over SSH. The lab stands in for the
 * somebody. With `gateway: false` the host is there and the gateway is not; `hostKey` and `port` say where to look for
 * it wrongly. Its config is in `existing-host.config.yaml`.
 */
export function existingHost(): Record<string, unknown> {
  const config = new pulumi.Config();
  const world = new LabWorld("world", { lab: labName() });
  const hostKey = sshKey("host-key", {});
  const machine = labMachine(
    "gateway",
    {
      lab: world.lab,
      userData: keysAlone(hostKey, world.administratorKey),
      links: gatewayLinks,
      memoryMegabytes: 384,
      hostKey,
      administratorKey: world.administratorKey,
    },
    {},
  );
  const gateway =
    config.getBoolean("gateway") === false
      ? undefined
      : new SshGateway("office", {
          ...remoteAccessConfig(config),
          connection: {
            ...machine.connection,
            hostKey: config.get("hostKey") ?? machine.connection.hostKey,
            port: config.getNumber("port") ?? machine.connection.port,
          },
          sshPort: 22,
          endpoint: labAddresses.gatewayOutside,
        });
  return {
    lab: world.lab,
    address: gateway?.address,
    machineId: machine.id,
    worldConnection: world.connection,
    gatewayConnection: pulumi.secret(pulumi.output(machine.connection)),
    clientSettings: gateway?.clientSettings,
    clientProfiles: gateway?.clientProfiles,
    identity: gateway?.identity,
  };
}
