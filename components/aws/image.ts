import * as pulumi from "@pulumi/pulumi";
import { getParameterOutput } from "@pulumi/aws/ssm/getParameter";
import { imageParameter } from "../../gateway/aws/images";
import { architectureOf } from "../../gateway/aws/instanceTypes";
import type { PlatformName } from "../../gateway/spec";

/** Id of the newest image of a platform for an instance type that has been found good, in the provider's region. */
export function newestImage(
  platform: pulumi.Output<PlatformName>,
  instanceType: pulumi.Output<string>,
  opts: pulumi.InvokeOutputOptions,
): pulumi.Output<string> {
  const name = pulumi.all([platform, instanceType]).apply(([system, type]) => {
    const architecture = architectureOf(type);
    if (architecture === undefined) throw new Error(`instance type ${type} is of no known architecture`);
    return imageParameter(system, architecture);
  });
  // The provider calls every parameter's value a secret; the id of a public image is none.
  return pulumi.unsecret(getParameterOutput({ name }, opts).value);
}
