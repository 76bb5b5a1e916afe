import * as pulumi from "@pulumi/pulumi";
import { InstanceProfile } from "@pulumi/aws/iam/instanceProfile";
import { Role } from "@pulumi/aws/iam/role";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy";
import { machineTrust, policy, type Statement } from "../../gateway/aws/policies";
import type { Tags } from "./network";

/** The role that a gateway's machines have, before anything is allowed to it. */
export interface MachineRole {
  profile: InstanceProfile;
  /** Allows all that it may, in one policy; once, and before a machine needs it. */
  allow(statements: pulumi.Output<Statement[]>[]): pulumi.Resource;
}

/** A role that EC2 alone takes, for machines of this gateway. `good`: what it is for has been found good. */
export function machineRole(name: string, good: pulumi.Output<unknown>, tags: Tags, opts: pulumi.CustomResourceOptions): MachineRole {
  const role = new Role(`${name}-role`, { assumeRolePolicy: good.apply(() => machineTrust), tags }, opts);
  return {
    profile: new InstanceProfile(`${name}-instance`, { role: role.name, tags }, opts),
    allow: (statements) => new RolePolicy(`${name}-role-policy`, { role: role.id, policy: pulumi.all(statements).apply((all) => policy(all.flat())) }, opts),
  };
}
