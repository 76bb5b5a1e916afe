import { createHash } from "crypto";
import type { GatewaySpec } from "../spec";
import { authorityToTrust, certified, clientAccess, serves, type ClientAccess, type ClientSecrets } from "./access";
import { renderAndroidValues, renderStrongswanApp } from "./android";
import { renderAppleIkev2, renderAppleL2tp } from "./apple";
import { container, containerPath } from "./container";
import { ikev2Name, l2tpName, renderIpDown, renderIpUp, renderPppClient, renderSwanctlIkev2, renderSwanctlL2tp, renderXl2tpdClient, strongswanSnippet } from "./linux";
import { renderConnectIkev2, renderConnectL2tp } from "./linuxConnect";
import { renderNetworkManagerIkev2, renderNetworkManagerL2tp } from "./networkManager";
import { openWrtFiles } from "./openWrt";
import { renderPage } from "./page";
import { renderRouterValues } from "./router";
import { renderRouterOs, routerOsPath } from "./routerOs";
import { renderWindows } from "./windows";

/** Text files by their path within a user's folder; of a `.p12` its base64. All of them are secret. */
export type ProfileFiles = Record<string, string>;

/** What each user imports on their devices, by user name. Expects a spec and secrets that validation has no error for. */
export function renderClientProfiles(spec: GatewaySpec, secrets: ClientSecrets): Record<string, ProfileFiles> {
  return Object.fromEntries(spec.users.map((user) => [user.name, profileFiles(clientAccess(spec, user, secrets))]));
}

/** All files of one user; for each device only what the gateway serves it with. Of a suspended user the page alone. */
export function profileFiles(access: ClientAccess): ProfileFiles {
  const { name } = access.spec;
  const files: ProfileFiles = {};
  // Nobody who is suspended is let in by anything: the page says so, and holds no secret.
  if (access.ikev2 === undefined && access.l2tp === undefined) return { "instructions.html": renderPage(access, files) };
  const own = certified(access);
  const snippet = Object.entries(strongswanSnippet(access));
  const authority = authorityToTrust(access);
  if (authority !== undefined) files["authority.crt"] = `${authority.trim()}\n`;
  if (own !== undefined) for (const form of ["modern", "legacy"] as const) files[containerPath(access, form)] = container(access, form);
  if (own !== undefined && (serves(access, "ikev2", "linux") || serves(access, "l2tp", "linux"))) {
    files[`linux/networkmanager/${name}-user.pem`] = own.credential.certificate;
    files[`linux/networkmanager/${name}-user.key`] = own.credential.privateKey;
  }
  if (access.ikev2 !== undefined) {
    const { root, credential } = access.ikev2;
    if (serves(access, "ikev2", "windows")) files[`windows/${name}-ikev2.ps1`] = renderWindows(access, "ikev2");
    if (serves(access, "ikev2", "apple")) files[`apple/${name}-ikev2.mobileconfig`] = renderAppleIkev2(access);
    if (serves(access, "ikev2", "android")) {
      files[`android/${name}.sswan`] = renderStrongswanApp(access);
      files["android/values.txt"] = renderAndroidValues(access);
    }
    if (serves(access, "ikev2", "linux")) {
      files[`linux/networkmanager/${name}-ikev2.nmconnection`] = renderNetworkManagerIkev2(access);
      files[`linux/ikev2/etc/swanctl/conf.d/${ikev2Name(access)}.conf`] = renderSwanctlIkev2(access);
      if (access.codes !== undefined) files["linux/ikev2/connect.sh"] = renderConnectIkev2(access);
      for (const [file, text] of snippet) files[`linux/ikev2/etc/strongswan.d/${file}`] = text;
      if (root === undefined) throw new Error("client profiles: no root of the gateway's certificate");
      files[`linux/ikev2/etc/swanctl/x509ca/${ikev2Name(access)}.pem`] = `${root.trim()}\n`;
      if (credential !== undefined) {
        files[`linux/ikev2/etc/swanctl/x509/${ikev2Name(access)}.pem`] = credential.certificate;
        files[`linux/ikev2/etc/swanctl/private/${ikev2Name(access)}.pem`] = credential.privateKey;
      }
      if (dialsByItself(access)) Object.assign(files, openWrtFiles(access));
    }
  }
  if (access.l2tp !== undefined) {
    const link = l2tpName(access);
    if (serves(access, "l2tp", "windows")) files[`windows/${name}-l2tp.ps1`] = renderWindows(access, "l2tp");
    if (serves(access, "l2tp", "apple")) files[`apple/${name}-l2tp.mobileconfig`] = renderAppleL2tp(access);
    if (serves(access, "l2tp", "linux")) {
      files[`linux/networkmanager/${name}-l2tp.nmconnection`] = renderNetworkManagerL2tp(access);
      files[`linux/l2tp/etc/swanctl/conf.d/${link}.conf`] = renderSwanctlL2tp(access);
      if (access.codes !== undefined) files["linux/l2tp/connect.sh"] = renderConnectL2tp(access);
      for (const [file, text] of snippet) files[`linux/l2tp/etc/strongswan.d/${file}`] = text;
      const { credential } = access.l2tp;
      if (credential !== undefined) {
        files[`linux/l2tp/etc/swanctl/x509ca/${link}.pem`] = files["authority.crt"];
        files[`linux/l2tp/etc/swanctl/x509/${link}.pem`] = credential.certificate;
        files[`linux/l2tp/etc/swanctl/private/${link}.pem`] = credential.privateKey;
      }
      files["linux/l2tp/etc/xl2tpd/xl2tpd.conf"] = renderXl2tpdClient(access);
      files[`linux/l2tp/etc/ppp/options.${link}`] = renderPppClient(access);
      files[`linux/l2tp/etc/ppp/ip-up.d/${link}`] = renderIpUp(access);
      files[`linux/l2tp/etc/ppp/ip-down.d/${link}`] = renderIpDown(access);
    }
  }
  files["router.txt"] = renderRouterValues(access);
  const routerOs = access.ikev2 && dialsByItself(access) ? renderRouterOs(access) : undefined;
  if (routerOs !== undefined) files[routerOsPath(access)] = routerOs;
  files["instructions.html"] = renderPage(access, files);
  return files;
}

/** May a router connect by IKEv2 with nobody there? Not where a code is typed each time. */
function dialsByItself({ codes, ikev2 }: ClientAccess): boolean {
  return codes === undefined || ikev2?.credential !== undefined;
}

/**
 * A folder's name for a user: whatever the name is, one part of a path, and another for each. Letters, digits and a few
 * signs stay; every other byte is a percent sign and two digits. A long one is cut, and told apart by a digest.
 */
export function folderOf(user: string): string {
  const safe = [...Buffer.from(user, "utf8")]
    .map((byte, index) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9@_-]/.test(character) || (character === "." && index > 0) ? character : `%${byte.toString(16).padStart(2, "0").toUpperCase()}`;
    })
    .join("");
  // File systems take 255 bytes.
  return safe.length <= 200 ? safe : `${safe.slice(0, 160)}%-${createHash("sha256").update(user).digest("hex").slice(0, 32)}`;
}
