import { pem, readable, secret, type ConfigFile, type Part } from "../bundle";
import { speaksBgp } from "./bgp";
import { siteNames } from "./names";
import { renderSiteBgp } from "./render/bgp";
import { renderSiteDescription } from "./render/description";
import { renderSiteFirewall } from "./render/firewall";
import { renderSiteConnection, renderSiteSecret } from "./render/swanctl";
import type { SiteSecrets, SiteView } from "./spec";

/** What anybody may read of a connection on one of its gateways. Expects a connection that `validateSite` has no error for. */
export function sitePart(view: SiteView): Part {
  const names = siteNames(view.spec.name);
  return {
    name: names.part,
    secret: false,
    packages: [],
    modules: view.spec.mode === "route" ? ["xfrm_interface"] : [],
    // The base of a gateway that makes room for site connections brings it.
    services: [],
    confirmWithin: 0,
    files: [
      readable(names.firewall, renderSiteFirewall(view)),
      readable(names.swanctl, renderSiteConnection(view)),
      readable(names.description, renderSiteDescription(view)),
      ...(speaksBgp(view) ? [readable(names.bgp, renderSiteBgp(view))] : []),
    ],
  };
}

/** What nobody may read of it. Pushed first: without it the other part could not connect. */
export function siteSecretPart(view: SiteView, secrets: SiteSecrets): Part {
  const names = siteNames(view.spec.name);
  return {
    name: names.secretPart,
    secret: true,
    packages: [],
    modules: [],
    services: [],
    confirmWithin: 0,
    files: view.spec.authentication === "psk" ? [secret(names.preSharedKey, renderSiteSecret(view, secrets))] : certificates(view, secrets),
  };
}

function certificates({ spec }: SiteView, { certificate, privateKey, authority }: SiteSecrets): ConfigFile[] {
  if (!certificate || !privateKey || !authority) throw new Error(`site ${spec.name}: needs a certificate, its key and its authority`);
  const names = siteNames(spec.name);
  return [readable(names.authority, pem(authority)), readable(names.certificate, pem(certificate)), secret(names.privateKey, pem(privateKey))];
}
