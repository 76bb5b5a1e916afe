import { error, type Problem } from "../validate/problem";

/** EC2's limits: 50 tags a resource, 128 characters a key, 256 a value ("Tag your Amazon EC2 resources"). */
const limits = { tags: 50, key: 128, value: 256 };

/** Tags that every resource of a gateway gets; what the user gives goes before. */
export function tagsOf(name: string, given: Readonly<Record<string, string>>): Record<string, string> {
  return { Name: name, "vpn-gateway": name, ...given };
}

/** Everything that AWS would refuse in tags, once merged with our own. */
export function tagProblems(name: string, given: Readonly<Record<string, string>>): Problem[] {
  const problems = Object.entries(given).flatMap(([key, value]) => [...keyProblems(key), ...valueProblems(key, value)]);
  const number = Object.keys(tagsOf(name, given)).length;
  if (number > limits.tags) {
    problems.push(error("tags", number, `is more than the ${limits.tags} tags that a resource can have, Name and vpn-gateway among them`, "Leave some out."));
  }
  return problems;
}

function keyProblems(key: string): Problem[] {
  const path = `tags[${JSON.stringify(key)}]`;
  if (key === "") return [error(path, undefined, "has an empty key", "Give it one.")];
  if (/^aws:/i.test(key)) return [error(path, undefined, "begins with aws:, which AWS keeps for itself", "Use another prefix.")];
  if ([...key].length > limits.key) return [error(path, undefined, `has a key longer than ${limits.key} characters`, "Shorten it.")];
  return allowed(key) ? [] : [error(path, undefined, "has a key with a character that AWS does not take", character)];
}

function valueProblems(key: string, value: unknown): Problem[] {
  const path = `tags[${JSON.stringify(key)}]`;
  if (typeof value !== "string") return [error(path, value, "is not a text", "Write it within quotes.")];
  if ([...value].length > limits.value) return [error(path, value, `is longer than ${limits.value} characters`, "Shorten it.")];
  return allowed(value) ? [] : [error(path, value, "holds a character that AWS does not take", character)];
}

const character = "Use letters, digits, spaces and _ . : / = + - @.";

/** What every service takes; IAM and S3 are stricter than EC2, and a tag goes on all of them. */
function allowed(text: string): boolean {
  return /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(text);
}
