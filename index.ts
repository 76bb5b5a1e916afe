export type { Ikev2Args, L2tpArgs, ProfilesArgs, RemoteAccessArgs, SshConnectionArgs, UserArgs } from "./components/args";
export type { ClientProfiles } from "./components/clientProfiles";
export type { ClientSettings } from "./components/remoteAccess";
export { SshGateway, type SshGatewayArgs } from "./components/sshGateway";
