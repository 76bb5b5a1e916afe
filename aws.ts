/** `pulumi-vpn-gateway/aws`: apart from the rest, so that nobody loads AWS who does not use it. */
export type { AwsGatewayArgs, SshKeyPairArgs } from "./components/aws/args";
export { AwsGateway } from "./components/aws/awsGateway";
