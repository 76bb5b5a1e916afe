/** JSON policies, as small as what uses them. */

/** Lets EC2's machines take a role. */
export const machineTrust = policy([{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }]);

/**
 * What the Systems Manager agent asks for to run associations: AWS's own AmazonSSMManagedInstanceCore without the
 * account's parameters, inventory, patches and packages; and the reading of one bucket.
 */
export function machineMay(bucketArn: string): string {
  return policy([
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
  ]);
}

/** Nobody speaks to a bucket but encrypted. */
export function encryptedTransportAlone(bucketArn: string): string {
  return policy([
    { Effect: "Deny", Principal: "*", Action: "s3:*", Resource: [bucketArn, `${bucketArn}/*`], Condition: { Bool: { "aws:SecureTransport": "false" } } },
  ]);
}

function policy(statements: object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}
