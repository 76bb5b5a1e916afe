export type { Ikev2Args, L2tpArgs, ProfilesArgs, RadiusArgs, RadiusServerArgs, RemoteAccessArgs, SitesArgs, SshConnectionArgs, UserArgs } from "./components/args";
export type { ClientProfiles } from "./components/clientProfiles";
export type { GatewayIdentity } from "./gateway/identity";
export type { ClientSettings } from "./components/remoteAccess";
export type { GatewaySite } from "./components/gatewaySite";
export { SiteConnection, type SiteConnectionArgs } from "./components/siteConnection";
export { Mesh, type MeshArgs, type MeshConnection, type MeshGatewayArgs } from "./components/mesh";
export type { SiteBgpArgs, SiteDeviceArgs, SiteProposalArgs } from "./components/siteSpec";
export { SshGateway, type SshGatewayArgs } from "./components/sshGateway";
