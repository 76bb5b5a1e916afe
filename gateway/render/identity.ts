/**
 * A user's name as swanctl's `id`, so that strongSwan makes the same identity of it as of the name that a client sends
 * (identification_create_from_string of identification.c). vici refuses strings that are not printable ASCII, so such
 * a name is written as its bytes, with the type that strongSwan would have found for it.
 */
export function swanctlIdentity(name: string): string {
  if (/^[\x20-\x7e]*$/.test(name)) return name;
  const type = name.includes("@") ? "email" : name.includes(":") ? "keyid" : "fqdn";
  return `${type}:#${Buffer.from(name, "utf8").toString("hex")}`;
}
