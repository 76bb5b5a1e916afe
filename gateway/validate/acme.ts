import { X509Certificate } from "crypto";
import { parseAddress } from "../addressing";
import type { GatewaySpec } from "../spec";
import { isDnsName } from "./endpoint";
import { error, type Problem } from "./problem";

/** A certificate from a public CA: for which name, from whom, and what cannot have one. */
export function acmeProblems(spec: GatewaySpec): Problem[] {
  const acme = spec.ikev2?.acme;
  if (acme === undefined) return [];
  const at = "ikev2.acme";
  const { endpoint } = spec;
  return [
    // What is neither an address nor a name, endpoint.ts says.
    ...(parseAddress(endpoint) === undefined ? [] : [error("endpoint", endpoint, "is an address, for which ikev2.acme gets no certificate", "Give the DNS name that leads to the gateway, e.g. vpn.example.com.")]),
    ...(isDnsName(endpoint) && endpoint !== endpoint.toLowerCase() ? [error("endpoint", endpoint, "has capital letters, and a public CA's certificate has none", "Write the name in lower case.")] : []),
    ...(isDnsName(endpoint) && notPublic.test(endpoint.toLowerCase()) && isLetsEncrypt(acme.directory) ? [error("endpoint", endpoint, "is no name that a public CA knows", "Give a name of the public DNS, or the directory of a CA of your own.")] : []),
    ...(acme.termsAgreed === true ? [] : [error(`${at}.termsAgreed`, acme.termsAgreed, "nobody has agreed to the CA's terms", "Read them, and set termsAgreed: true.")]),
    ...(acme.email === undefined || /^[A-Za-z0-9._-]+@[^@]+$/.test(acme.email) && isDnsName(acme.email.split("@")[1]) ? [] : [error(`${at}.email`, acme.email, "is no e-mail address of letters, digits, `.`, `_` and `-`", "Give e.g. admin@example.com, or leave it out.")]),
    ...directory(`${at}.directory`, acme.directory),
    ...authority(`${at}.directoryAuthority`, acme.directoryAuthority),
    ...authority(`${at}.root`, acme.root),
    ...(acme.root === undefined && spec.clients.includes("linux") ? [error(`${at}.root`, undefined, "is missing, and swanctl on Linux reads no store of the system", "Give the PEM of the root of this CA's certificates, or leave linux out of clients.")] : []),
    ...(spec.pair === undefined ? [] : [error(at, undefined, "cannot be had by a pair: the CA asks for the name at one machine, which may be the other", "Leave it out: both machines have the certificate of the stack's authority.")]),
    ...(spec.sshPort === 80 ? [error("sshPort", spec.sshPort, "is the port that the CA asks at", "Use another port for SSH, or leave ikev2.acme out.")] : []),
  ];
}

/** Names that stand for no host on the internet (RFC 6761, RFC 6762, RFC 8375, and ICANN's `internal`). */
const notPublic = /(^|\.)(local|localhost|internal|test|invalid|example|home\.arpa|lan)$/;

function isLetsEncrypt(directory: string): boolean {
  return /^https:\/\/[a-z0-9-]+\.api\.letsencrypt\.org\//.test(directory);
}

/** HTTPS alone (RFC 8555, 6.1), and of characters that a shell reads as they are. */
function directory(path: string, given: string): Problem[] {
  const remedy = "Give the URL that the CA names, e.g. https://acme-v02.api.letsencrypt.org/directory.";
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    return [error(path, given, "is no URL", remedy)];
  }
  if (url.protocol !== "https:") return [error(path, given, "is not an https: URL", remedy)];
  if (url.username !== "" || url.password !== "") return [error(path, undefined, "holds a user or a password", remedy)];
  return /^[A-Za-z0-9._:/-]+$/.test(given) ? [] : [error(path, given, "holds other characters than letters, digits, `.`, `_`, `:`, `/` and `-`", remedy)];
}

function authority(path: string, pem: string | undefined): Problem[] {
  if (pem === undefined) return [];
  // A key beside the certificate would stand in a file that anybody may read.
  if (/PRIVATE KEY/.test(pem)) return [error(path, undefined, "holds a private key", "Give the certificate alone, and take that key for known.")];
  try {
    return new X509Certificate(pem).ca ? [] : [error(path, new X509Certificate(pem).subject, "is no authority's certificate", "Give the root's.")];
  } catch {
    return [error(path, undefined, "is no certificate in PEM", "Give the whole text, with its BEGIN and END lines.")];
  }
}
