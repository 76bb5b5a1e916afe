import { espProposals, ikeProposals } from "../cipherSuites";
import { renderValues, type ValueSection } from "../formats/values";
import { pathMtu } from "../mtu";
import { tunnelNetworks, type ClientAccess } from "./access";
import { containerPath } from "./container";
import { typedEachTime } from "./typedEachTime";

/** What to type into a router's or a firewall's own form. Proposals in swanctl's words, which most of them come close to. */
export function renderRouterValues(access: ClientAccess): string {
  const { spec, user, ikev2, l2tp } = access;
  const password = access.codes === undefined ? access.password : typedEachTime;
  const mtu = pathMtu(spec);
  const sections: ValueSection[] = [];
  if (ikev2 !== undefined) {
    sections.push({
      title: "IKEv2 (preferred)",
      values: [
        ["Server", spec.endpoint],
        ["Server's identity", spec.endpoint],
        ["Server proves itself by", ikev2.authority === undefined ? "certificate of a public CA" : "certificate; trust authority.crt"],
        ...(ikev2.credential === undefined
          ? ([["Client proves itself by", "EAP-MSCHAPv2"], ["User name", user.name], ["Password", password]] as const)
          : ([["Client proves itself by", `its certificate: ${containerPath(access, "modern")}`], ["Client's identity", user.name], ["Password of the certificate's file", ikev2.credential.containerPassword]] as const)),
        ["Client's address", "asked of the server (configuration payload, mode config)"],
        ["Networks behind the server", tunnelNetworks(access, "ikev2")],
        ["IKE proposals", ikeProposals("ikev2", spec.clients)],
        ["ESP proposals", espProposals("ikev2", spec.clients)],
        ["Largest packet inside", `${mtu.ikev2} bytes (TCP segments: ${mtu.ikev2! - 40})`],
      ],
    });
  }
  if (l2tp !== undefined) {
    sections.push({
      title: "L2TP/IPsec",
      values: [
        ["Server", spec.endpoint],
        ["IPsec", "IKEv1, main mode, transport mode, no perfect forward secrecy"],
        ...(l2tp.credential === undefined
          ? ([["Pre-shared key", l2tp.preSharedKey]] as const)
          : ([["IPsec proved by", `certificates on both sides (RSA signatures): ${containerPath(access, "modern")}; trust authority.crt`], ["Client's identity", `${user.name}, or the certificate's subject`], ["Password of the certificate's file", l2tp.credential.containerPassword]] as const)),
        ["Server's identity", spec.endpoint],
        ["User name", user.name],
        ["Password", password],
        ["PPP authentication", "MS-CHAPv2; no MPPE, no compression"],
        ["Networks behind the server", tunnelNetworks(access, "l2tp")],
        ["IKE proposals", ikeProposals("l2tp", spec.clients)],
        ["ESP proposals", espProposals("l2tp", spec.clients)],
        ["PPP MTU and MRU", `${mtu.l2tp} bytes`],
      ],
    });
  }
  return renderValues(`${spec.name}: values for a router or firewall`, sections);
}
