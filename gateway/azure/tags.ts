import { error, type Problem } from "../validate/problem";

/** "Use tags to organize your Azure resources": 50 a resource, 512 characters a key, 256 a value. */
const limits = { tags: 50, key: 512, value: 256 };

/** Tags that every resource of a gateway gets; what the user gives goes before. */
export function tagsOf(name: string, given: Readonly<Record<string, string>>): Record<string, string> {
  return { "vpn-gateway": name, ...given };
}

/** Everything that Azure would refuse in tags, once merged with our own. */
export function tagProblems(name: string, given: Readonly<Record<string, string>>): Problem[] {
  const problems = Object.entries(given).flatMap(([key, value]) => {
    const path = `tags[${JSON.stringify(key)}]`;
    return [
      ...(key !== "" && key.length <= limits.key && !/[<>%&\\?/\p{Cc}]/u.test(key) ? [] : [error(path, undefined, "has a key that Azure does not take", `Use 1 to ${limits.key} characters, none of < > % & \\ ? /.`)]),
      ...(/^(microsoft|azure|windows)/i.test(key) ? [error(path, undefined, "begins with a word that Azure keeps for itself", "Use another prefix than microsoft, azure and windows.")] : []),
      ...(typeof value === "string" && value.length <= limits.value ? [] : [error(path, value, "is no text that Azure takes of a tag", `Use at most ${limits.value} characters.`)]),
    ];
  });
  const number = Object.keys(tagsOf(name, given)).length;
  if (number > limits.tags) problems.push(error("tags", number, `is more than the ${limits.tags} tags that a resource can have, vpn-gateway among them`, "Leave some out."));
  return problems;
}
