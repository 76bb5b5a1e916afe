import * as pulumi from "@pulumi/pulumi";
import { renderUserData, type UserDataArgs } from "../../gateway/cloudInit";
import type { GatewaySpec } from "../../gateway/spec";
import type { SshConnectionArgs } from "../args";
import { attempt } from "../attempt";
import { ownHostKey } from "../hostKeyHandover";
import { sshKey } from "../sshKey";
import type { SshKeyPairArgs } from "./args";

/** The way in by SSH. */
export interface SshAccess {
  /** A secret, for the bootstrap host key in it. */
  userData: pulumi.Output<string>;
  /** How to reach the machine once it has changed that key for its own. */
  connection(host: pulumi.Output<string>, machine: { id: pulumi.Output<string>; resource: pulumi.Resource }): SshConnectionArgs;
}

/** The name of what belongs to one machine rather than to the gateway: the first machine's are without a number. */
export function ofGeneration(name: string, generation: number): string {
  return generation === 1 ? name : `${name}-${generation}`;
}

/** The key pair of administrators, minted where none is given. */
export function administratorKeyOf(name: string, args: { administratorKey?: SshKeyPairArgs }, good: pulumi.Output<GatewaySpec>, opts: pulumi.CustomResourceOptions): SshKeyPairArgs {
  return args.administratorKey ?? sshKey(`${name}-administrator-key`, opts, good);
}

/**
 * Mints the host key that the first contact knows the machine by.
 *
 * @param render how the cloud's images are told what to do at their first boot.
 */
export function sshAccess(
  name: string,
  administrator: SshKeyPairArgs,
  generation: number,
  good: pulumi.Output<GatewaySpec>,
  opts: pulumi.CustomResourceOptions,
  render: (args: UserDataArgs) => string = renderUserData,
): SshAccess {
  const bootstrapKey = sshKey(ofGeneration(`${name}-bootstrap-host-key`, generation), opts, good);
  const userData = pulumi
    .all([good, bootstrapKey.privateKey, bootstrapKey.publicKey, administrator.publicKey])
    .apply(([spec, privateKey, publicKey, authorized]) =>
      attempt(() => render({ spec, hostKey: { privateKey, publicKey }, authorizedKeys: [authorized], loginWhenReady: true })),
    );
  return {
    userData,
    connection(host, machine) {
      const reach = { host, port: good.sshPort, user: "root", privateKey: administrator.privateKey };
      const hostKey = ownHostKey(ofGeneration(`${name}-host-key`, generation), { ...reach, hostKey: bootstrapKey.publicKey }, machine, opts);
      return { ...reach, hostKey };
    },
  };
}
