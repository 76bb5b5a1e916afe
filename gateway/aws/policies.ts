/** JSON policies, as small as what uses them. */

/** One statement of a policy, in IAM's own words. */
export type Statement = Readonly<Record<string, unknown>>;

/** Lets EC2's machines take a role. */
export const machineTrust = policy([{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }]);

/**
 * What the Systems Manager agent asks for to run associations: AWS's own AmazonSSMManagedInstanceCore without the
 * account's parameters, inventory, patches and packages; and the reading of one bucket.
 */
export function machineMay(bucketArn: string): Statement[] {
  return [
    {
      Effect: "Allow",
      Action: [
        "ssm:DescribeAssociation", "ssm:DescribeDocument", "ssm:GetDocument", "ssm:GetManifest", "ssm:ListAssociations",
        "ssm:ListInstanceAssociations", "ssm:PutComplianceItems", "ssm:UpdateAssociationStatus",
        "ssm:UpdateInstanceAssociationStatus", "ssm:UpdateInstanceInformation",
        "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
        "ec2messages:AcknowledgeMessage", "ec2messages:DeleteMessage", "ec2messages:FailMessage", "ec2messages:GetEndpoint",
        "ec2messages:GetMessages", "ec2messages:SendReply",
      ],
      Resource: "*",
    },
    { Effect: "Allow", Action: "s3:GetObject", Resource: `${bucketArn}/*` },
    // The agent looks whether it is told of a file or a folder.
    { Effect: "Allow", Action: "s3:ListBucket", Resource: bucketArn },
  ];
}

/**
 * What a pair's machine may ask of EC2, and of nothing else there is: to put one Elastic IP on one of the two interfaces,
 * and to lead the routes of the named tables elsewhere. Both actions know resources ("Actions, resources, and condition
 * keys for Amazon EC2"): of AssociateAddress address, interface, and the instance that the interface is of, which is
 * told by its profile, since it may come after its policy; of ReplaceRoute the table, which is all that narrows it.
 */
export function machineMayMove(addressArn: string, interfaceArns: readonly string[], profileArn: string, routeTableIds: readonly string[]): Statement[] {
  // arn:PARTITION:ec2:REGION:ACCOUNT:elastic-ip/ID
  const here = addressArn.split(":").slice(0, 5).join(":");
  return [
    { Effect: "Allow", Action: "ec2:AssociateAddress", Resource: [addressArn, ...interfaceArns] },
    { Effect: "Allow", Action: "ec2:AssociateAddress", Resource: `${here}:instance/*`, Condition: { ArnEquals: { "ec2:InstanceProfile": profileArn } } },
    ...(routeTableIds.length === 0 ? [] : [{ Effect: "Allow", Action: "ec2:ReplaceRoute", Resource: routeTableIds.map((id) => `${here}:route-table/${id}`) }]),
  ];
}

/** Nobody speaks to a bucket but encrypted. */
export function encryptedTransportAlone(bucketArn: string): string {
  return policy([
    { Effect: "Deny", Principal: "*", Action: "s3:*", Resource: [bucketArn, `${bucketArn}/*`], Condition: { Bool: { "aws:SecureTransport": "false" } } },
  ]);
}

export function policy(statements: readonly Statement[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}
