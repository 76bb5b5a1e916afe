import * as pulumi from "@pulumi/pulumi";
import { LabGateway } from "../components/labGateway";
import { LabWorld } from "../components/labWorld";
import { SiteConnection } from "../components/siteConnection";
import { labAddresses, labClouds, labDevice } from "../lab/networks";
import { labName } from "./config";

/**
 * Two clouds of the local lab with a gateway each, and what is between them: a `SiteConnection`, and one to a device that
 * is not ours. Its config is in `lab-sites.config.yaml`.
 */
export function labSites(): Record<string, unknown> {
  const config = new pulumi.Config();
  const world = new LabWorld("world", { lab: labName(), clouds: 2 });
  const six = config.getBoolean("ipv6") ?? true;
  const gateway = (name: string, cloud: 1 | 2) => {
    const { network, network6 } = labClouds[cloud - 1];
    return new LabGateway(name, {
      world,
      cloud,
      users: [],
      ikev2: { enabled: false },
      // As with BGP from the start, so that it may come to a machine that stands.
      ...(cloud === 1 ? { memoryMegabytes: 512 } : {}),
      sites: { enabled: true, bgp: cloud === 1 && config.get("deviceRouting") === "bgp", revocation: config.getBoolean("revocation") ?? (cloud === 1 && config.get("deviceAuthentication") === "certificate") },
      insideNetworks: [network, ...(six ? [network6] : [])],
      outsideMtu: config.getNumber("outsideMtu"),
      administrators: [labAddresses.management],
    });
  };
  const office = gateway("gateway-1", 1);
  const cloud = config.getBoolean("alone") === true ? undefined : gateway("gateway-2", 2);
  // IPv6 outside has no translation in between.
  const outside6 = config.getBoolean("outside6") === true;
  const bothEsp = config.get("bothEsp")?.split(",");
  // A second connection beside the first, whose packets go another way: IPv6 within and outside, and the first has IPv4 alone.
  const second = config.getBoolean("second") === true;
  const between = (name: string, right: LabGateway, only6 = false, after?: SiteConnection) =>
    new SiteConnection(name, {
      left: office.site,
      right: right.site,
      rightEndpoint: config.get("rightEndpoint"),
      ...(outside6 || only6 ? { leftEndpoint: labClouds[0].outside6, rightEndpoint: labClouds[1].outside6 } : {}),
      rightChanges: config.getBoolean("rightChanges"),
      authentication: config.get("authentication"),
      // Of the first alone: the second shows that it is none of its business.
      ...(only6 ? {} : { rightRevoked: config.getBoolean("rightRevoked"), revokedSerials: config.getObject<string[]>("revokedSerials") }),
      mode: config.get("mode"),
      encapsulate: config.getBoolean("encapsulate"),
      profile: config.get("profile"),
      leftNetworks: only6 ? [labClouds[0].network6] : second ? [labClouds[0].network] : config.getObject<string[]>("leftNetworks"),
      rightNetworks: only6 ? [labClouds[1].network6] : second ? [labClouds[1].network] : undefined,
      leftProposals: { esp: bothEsp ?? config.getObject<string[]>("leftEsp") },
      rightProposals: { esp: bothEsp ?? config.getObject<string[]>("rightEsp") },
    }, { dependsOn: after });
  const connection = cloud === undefined || config.getBoolean("connection") === false ? undefined : between("office-to-cloud", cloud);
  if (cloud !== undefined && second) between("office-to-cloud-six", cloud, true, connection); // which has to give its IPv6 up first
  const device =
    config.getBoolean("device") === true
      ? new SiteConnection("office-to-branch", {
          left: office.site,
          leftNetworks: [labClouds[0].network],
          device: { kind: config.get("deviceKind"), name: "branch", endpoint: labDevice.address, networks: [labDevice.network], as: config.getNumber("deviceAs"), ike: config.getNumber("deviceIke"), revoked: config.getBoolean("deviceRevoked") },
          authentication: config.get("deviceAuthentication"),
          routing: config.get("deviceRouting"),
          profile: config.get("deviceProfile"),
        })
      : undefined;
  // As many as are wanted, to devices that nobody has and that would dial: what connections cost is measured by them, not
  // what it costs to dial a hundred devices that never answer.
  for (let number = 0; number < (config.getNumber("absentDevices") ?? 0); number++) {
    new SiteConnection(`office-to-absent-${number + 1}`, {
      left: office.site,
      leftNetworks: [labClouds[0].network],
      device: { kind: "libreswan", name: `absent-${number + 1}`, networks: [`10.128.${number}.0/24`] },
    });
  }
  const gateways = [office, ...(cloud === undefined ? [] : [cloud])];
  return {
    lab: world.lab,
    address: office.address,
    machineIds: gateways.map(({ machineId }) => machineId),
    worldConnection: world.connection,
    gatewayConnections: pulumi.secret(pulumi.all(gateways.map(({ connection: toIt }) => toIt))),
    clientSettings: office.clientSettings,
    preSharedKey: connection?.preSharedKey,
    deviceConfiguration: device?.deviceConfiguration,
  };
}
