export type { Ikev2Args, L2tpArgs, RemoteAccessArgs, SshConnectionArgs, UserArgs } from "./components/args";
export type { ClientSettings } from "./components/remoteAccess";
export { SshGateway, type SshGatewayArgs } from "./components/sshGateway";
