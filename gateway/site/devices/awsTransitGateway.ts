import { aws, awsSteps, connecting, saying } from "./aws";
import type { DeviceKind } from "./device";

/**
 * Who asks a transit gateway for the far networks must find them in its own route table: a transit gateway's tables learn them by
 * BGP or are told, and a VPC's tables are always told (Amazon VPC Transit Gateways, "Transit gateway attachments to a VPC").
 */
const script = (bgp: boolean) => `
: "\${TRANSIT_GATEWAY_ID:?is not set: the id of your transit gateway}"
set -e
about() { aws ec2 describe-transit-gateways --transit-gateway-ids "$TRANSIT_GATEWAY_ID" --query "TransitGateways[0].Options.$1" --output text; }
${bgp ? `theirs=$(about AmazonSideAsn)
[ "$theirs" = "$own_as" ] || { echo "the AS number of $TRANSIT_GATEWAY_ID is $theirs, and device.as says $own_as" >&2; exit 1; }
` : `# Which of its route tables lead to the other site.
tables=\${TRANSIT_GATEWAY_ROUTE_TABLE_IDS:-$(about PropagationDefaultRouteTableId)}
case "$tables" in ""|None) echo "$TRANSIT_GATEWAY_ID has no default route table: set TRANSIT_GATEWAY_ROUTE_TABLE_IDS" >&2; exit 1;; esac
`}${connecting(bgp, '--transit-gateway-id "$TRANSIT_GATEWAY_ID"')}attachment=$(aws ec2 describe-transit-gateway-attachments --filters Name=resource-type,Values=vpn "Name=resource-id,Values=$connection" \\
  --query 'TransitGatewayAttachments[0].TransitGatewayAttachmentId' --output text)
${bgp ? `# Its default table learns by itself; others that are named here do, too.
for table in \${TRANSIT_GATEWAY_ROUTE_TABLE_IDS:-}; do
  aws ec2 enable-transit-gateway-route-table-propagation --transit-gateway-route-table-id "$table" --transit-gateway-attachment-id "$attachment"
done` : `for table in $tables; do
  for network in $networks; do
    aws ec2 create-transit-gateway-route --transit-gateway-route-table-id "$table" --transit-gateway-attachment-id "$attachment" --destination-cidr-block "$network"
  done
done`}
# Route tables of VPCs learn nothing of a transit gateway: those that are named here are told.
for table in \${ROUTE_TABLE_IDS:-}; do
  for network in $networks; do
    aws ec2 create-route --route-table-id "$table" --destination-cidr-block "$network" --transit-gateway-id "$TRANSIT_GATEWAY_ID"
  done
done
${saying}`;

/** The same connection (EC2 API Reference, CreateVpnConnection: TransitGatewayId in VpnGatewayId's stead), attached to a transit gateway. */
export const awsTransitGateway: DeviceKind = {
  ...aws,
  title: "AWS Site-to-Site VPN at a transit gateway",
  render: (view, secrets) => awsSteps(view, secrets, "the transit gateway's", script),
  bgp: {
    ...(aws.bgp as Exclude<DeviceKind["bgp"], { none: string }>),
    source:
      "as of a virtual private gateway; EC2 API Reference: CreateVpnConnection (TransitGatewayId), TransitGatewayOptions (AmazonSideAsn, PropagationDefaultRouteTableId), DescribeTransitGatewayAttachments (filters resource-id, resource-type), CreateTransitGatewayRoute, EnableTransitGatewayRouteTablePropagation, CreateRoute (TransitGatewayId); docs.aws.amazon.com/vpc/latest/tgw/tgw-vpn-attachments.html",
  },
};
