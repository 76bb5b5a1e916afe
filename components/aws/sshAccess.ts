import * as pulumi from "@pulumi/pulumi";
import { renderUserData } from "../../gateway/cloudInit";
import type { GatewaySpec } from "../../gateway/spec";
import type { SshConnectionArgs } from "../args";
import { ownHostKey } from "../hostKeyHandover";
import { sshKey } from "../sshKey";
import type { AwsCommonArgs, SshKeyPairArgs } from "./args";
import { ofGeneration } from "./machine";

/** The way in by SSH. */
export interface SshAccess {
  /** A secret, for the bootstrap host key in it. */
  userData: pulumi.Output<string>;
  /** How to reach the machine once it has changed that key for its own. */
  connection(host: pulumi.Output<string>, machine: { id: pulumi.Output<string>; resource: pulumi.Resource }): SshConnectionArgs;
}

/** The key pair of administrators, minted where none is given. */
export function administratorKeyOf(name: string, args: AwsCommonArgs, good: pulumi.Output<GatewaySpec>, opts: pulumi.CustomResourceOptions): SshKeyPairArgs {
  return args.administratorKey ?? sshKey(`${name}-administrator-key`, opts, good);
}

/** Mints the host key that the first contact knows the machine by. */
export function sshAccess(name: string, administrator: SshKeyPairArgs, generation: number, good: pulumi.Output<GatewaySpec>, opts: pulumi.CustomResourceOptions): SshAccess {
  const bootstrapKey = sshKey(ofGeneration(`${name}-bootstrap-host-key`, generation), opts, good);
  const userData = pulumi
    .all([good, bootstrapKey.privateKey, bootstrapKey.publicKey, administrator.publicKey])
    .apply(([spec, privateKey, publicKey, authorized]) =>
      renderUserData({ spec, hostKey: { privateKey, publicKey }, authorizedKeys: [authorized], loginWhenReady: true }),
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
