import * as pulumi from "@pulumi/pulumi";
import { problemsText, type Problem } from "../gateway/validate";
import { attempt } from "./attempt";

/** Throws with all errors at once; gives the text of the warnings, or nothing. `what` is whose problems they are. */
export function refuse(problems: readonly Problem[], resource: pulumi.Resource | undefined, what?: string): string {
  if (problems.some(({ severity }) => severity === "error")) {
    const errors = problems.filter(({ severity }) => severity === "error");
    throw new pulumi.ResourceError(problemsText(errors, what), resource, true);
  }
  return problems.length === 0 ? "" : problemsText(problems, what);
}

/** For an `apply`: rejected with all errors that `judge` finds, at once; what are warnings only is logged. */
export async function refuseOrWarn(judge: () => readonly Problem[], resource: pulumi.Resource | undefined, what?: string): Promise<void> {
  const warnings = await attempt(() => refuse(judge(), resource, what));
  if (warnings !== "") await pulumi.log.warn(warnings, resource);
}
