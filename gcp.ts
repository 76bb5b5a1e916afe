/** `pulumi-vpn-gateway/gcp`: apart from the rest, so that nobody loads Google Cloud who does not use it. */
export type { GcpCommonArgs, GcpGatewayArgs, GcpGatewayPairArgs } from "./components/gcp/args";
export type { SshKeyPairArgs } from "./components/cloud/args";
export { GcpGateway } from "./components/gcp/gcpGateway";
export { GcpGatewayPair } from "./components/gcp/gcpGatewayPair";
