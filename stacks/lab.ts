import { createHash } from "crypto";
import * as pulumi from "@pulumi/pulumi";
import { LabGateway } from "../components/labGateway";
import { LabWorld } from "../components/labWorld";
import { labAddresses } from "../lab/networks";

/** The local lab: a world with clients behind a NAT, and a gateway in it. Its config is in `lab.config.yaml`. */
export function lab(): Record<string, unknown> {
  const config = new pulumi.Config();
  const passwords = config.getObject<Record<string, string>>("passwords") ?? {};
  const users = (config.getObject<string[]>("users") ?? []).map((name) => ({ name, password: passwords[name] }));

  // Two checkouts, or two stacks of one, have two labs.
  const checkout = createHash("sha256").update(process.cwd()).digest("hex").slice(0, 6);
  const world = new LabWorld("world", { lab: `${pulumi.getStack()}-${checkout}` });
  const gateway = new LabGateway("gateway", {
    world,
    users,
    l2tp: { enabled: config.getBoolean("l2tp") ?? true, preSharedKey: config.getSecret("preSharedKey") },
    ikev2: { enabled: config.getBoolean("ikev2") ?? true, pool6: config.get("pool6") },
    insideNetworks: config.getObject<string[]>("insideNetworks") ?? [labAddresses.insideNetwork],
    dns: config.getObject<string[]>("dns") ?? [labAddresses.internetHost],
    tunnel: config.get("tunnel"),
    clients: config.getObject<string[]>("clients"),
    clientToClient: config.getBoolean("clientToClient"),
    masquerade: config.get("masquerade"),
    outsideMtu: config.getNumber("outsideMtu"),
    platform: config.get("platform"),
    administrators: config.getObject<string[]>("administrators") ?? [labAddresses.management],
  });
  return {
    lab: world.lab,
    address: gateway.address,
    machineId: gateway.machineId,
    worldConnection: world.connection,
    gatewayConnection: gateway.connection,
    clientSettings: gateway.clientSettings,
  };
}
