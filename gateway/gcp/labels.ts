import { error, type Problem } from "../validate/problem";

/** "Requirements for labels" (cloud.google.com/compute/docs/labeling-resources): 64 labels, 63 characters each. */
const most = 64;
const key = /^[a-z][a-z0-9_-]{0,62}$/;
const content = /^[a-z0-9_-]{0,63}$/;

/** Labels that every resource of a gateway gets that takes labels; what the user gives goes before. */
export function labelsOf(name: string, given: Readonly<Record<string, string>>): Record<string, string> {
  return { "vpn-gateway": name, ...given };
}

/** Everything that Google Cloud would refuse in labels, once merged with our own. */
export function labelProblems(name: string, given: Readonly<Record<string, string>>): Problem[] {
  const problems = Object.entries(given).flatMap(([label, value]) => {
    const path = `labels[${JSON.stringify(label)}]`;
    const remedy = "Use at most 63 lower-case letters, digits, _ and -.";
    return [
      ...(key.test(label) ? [] : [error(path, undefined, "has a key that Google Cloud does not take", `${remedy} Begin with a letter.`)]),
      ...(typeof value === "string" && content.test(value) ? [] : [error(path, value, "is a value that Google Cloud does not take", remedy)]),
    ];
  });
  const number = Object.keys(labelsOf(name, given)).length;
  if (number > most) problems.push(error("labels", number, `is more than the ${most} labels that a resource can have, vpn-gateway among them`, "Leave some out."));
  return problems;
}
