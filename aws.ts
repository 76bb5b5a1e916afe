/** `pulumi-vpn-gateway/aws`: apart from the rest, so that nobody loads AWS who does not use it. */
export type { AwsCommonArgs, AwsGatewayArgs, AwsGatewayPairArgs } from "./components/aws/args";
export type { SshKeyPairArgs } from "./components/cloud/args";
export { AwsGateway } from "./components/aws/awsGateway";
export { AwsGatewayPair } from "./components/aws/awsGatewayPair";
