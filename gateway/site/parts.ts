import { emptyPart, pem, readable, secret, type ConfigFile, type Part } from "../bundle";
import { speaksBgp } from "./bgp";
import { siteNames, siteStrongswan } from "./names";
import { renderSiteBgp } from "./render/bgp";
import { renderSiteDescription } from "./render/description";
import { renderSiteFirewall } from "./render/firewall";
import { renderSiteConnection, renderSiteSecret } from "./render/swanctl";
import { needsList, type SiteSecrets, type SiteView } from "./spec";

/** What an end shows to prove itself, and what it proves the other by. PEM. */
export type SiteCertificates = Pick<SiteSecrets, "certificate" | "authority" | "revocationList">;

/**
 * What anybody may read of a connection on one of its gateways. Expects a connection that `validateSite` has no error for.
 * The certificates are among it: with them elsewhere there would be a moment at which the connection names one that is gone.
 */
export function sitePart(view: SiteView, certificates: SiteCertificates = {}): Part {
  const names = siteNames(view.spec.name);
  return {
    ...emptyPart(names.part, false),
    modules: view.spec.mode === "route" ? ["xfrm_interface"] : [],
    files: [
      ...(view.spec.authentication === "psk" ? [] : certificateFiles(view, certificates)),
      readable(names.firewall, renderSiteFirewall(view)),
      readable(strongswan(view).connection, renderSiteConnection(view)),
      readable(names.description, renderSiteDescription(view)),
      ...(speaksBgp(view) ? [readable(names.bgp, renderSiteBgp(view))] : []),
    ],
  };
}

/** What nobody may read of it. Pushed first: without it the other part could not connect. */
export function siteSecretPart(view: SiteView, secrets: SiteSecrets): Part {
  const names = siteNames(view.spec.name);
  return {
    ...emptyPart(names.secretPart, true),
    files: view.spec.authentication === "psk" ? [secret(strongswan(view).preSharedKey, renderSiteSecret(view, secrets))] : [secret(strongswan(view).privateKey, pem(needed(view, secrets.privateKey)))],
  };
}

function certificateFiles(view: SiteView, { certificate, authority, revocationList }: SiteCertificates): ConfigFile[] {
  const files = strongswan(view);
  const list = needsList(view) ? [readable(files.revocationList, pem(needed(view, revocationList)))] : [];
  return [...list, readable(files.authority, pem(needed(view, authority))), readable(files.certificate, pem(needed(view, certificate)))];
}

function needed({ spec }: SiteView, text: string | undefined): string {
  if (!text) throw new Error(`site ${spec.name}: needs a certificate, its key and its authority`);
  return text;
}

function strongswan({ spec, near }: SiteView) {
  return siteStrongswan(spec.name, near.platform);
}
