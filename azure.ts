/** `pulumi-vpn-gateway/azure`: apart from the rest, so that nobody loads Azure who does not use it. */
export type { AzureCommonArgs, AzureGatewayArgs, AzureGatewayPairArgs } from "./components/azure/args";
export type { SshKeyPairArgs } from "./components/cloud/args";
export { AzureGateway } from "./components/azure/azureGateway";
export { AzureGatewayPair } from "./components/azure/azureGatewayPair";
