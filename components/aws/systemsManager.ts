import { createHash, createHmac } from "crypto";
import * as pulumi from "@pulumi/pulumi";
import { InstanceProfile } from "@pulumi/aws/iam/instanceProfile";
import { Role } from "@pulumi/aws/iam/role";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy";
import { Bucket } from "@pulumi/aws/s3/bucket";
import { BucketObjectv2 } from "@pulumi/aws/s3/bucketObjectv2";
import { BucketPolicy } from "@pulumi/aws/s3/bucketPolicy";
import { BucketPublicAccessBlock } from "@pulumi/aws/s3/bucketPublicAccessBlock";
import { BucketServerSideEncryptionConfiguration } from "@pulumi/aws/s3/bucketServerSideEncryptionConfiguration";
import { Association } from "@pulumi/aws/ssm/association";
import { Document } from "@pulumi/aws/ssm/document";
import { RandomPassword } from "@pulumi/random/randomPassword";
import { renderPartDocument, type PartParameters } from "../../gateway/aws/partDocument";
import { encryptedTransportAlone, machineMay, machineTrust } from "../../gateway/aws/policies";
import { renderPart } from "../../gateway/formats/part";
import { hostCommandText, unpack } from "../hostCommand";
import type { PartPusher } from "../parts";
import type { Tags } from "./network";

/** The way in by Systems Manager: a bucket for the parts, and a role that may read it. */
export interface SystemsManagerAccess {
  /** Name of the instance profile that the machine must have. */
  instanceProfile: pulumi.Output<string>;
  /** What must be there before the machine boots. */
  granted: pulumi.Resource[];
  /** What pushes parts to a machine. */
  pusher(machineId: pulumi.Output<string>): PartPusher;
}

/** Makes the bucket, private and encrypted, the role and the document that applies a part. */
export function systemsManagerAccess(
  name: string,
  good: pulumi.Output<unknown>,
  tags: Tags,
  opts: pulumi.CustomResourceOptions,
): SystemsManagerAccess {
  const bucket = new Bucket(`${name}-parts`, { tags }, opts);
  const closed = new BucketPublicAccessBlock(
    `${name}-parts-private`,
    { bucket: bucket.id, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
    opts,
  );
  const encryption = new BucketServerSideEncryptionConfiguration(
    `${name}-parts-encryption`,
    { bucket: bucket.id, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }] },
    opts,
  );
  const transport = new BucketPolicy(
    `${name}-parts-policy`,
    { bucket: bucket.id, policy: bucket.arn.apply(encryptedTransportAlone) },
    { ...opts, dependsOn: [closed] },
  );
  const role = new Role(`${name}-role`, { assumeRolePolicy: good.apply(() => machineTrust), tags }, opts);
  const rights = new RolePolicy(`${name}-role-policy`, { role: role.id, policy: bucket.arn.apply(machineMay) }, opts);
  const profile = new InstanceProfile(`${name}-instance`, { role: role.name, tags }, opts);
  const document = new Document(
    `${name}-apply-part`,
    { documentType: "Command", documentFormat: "JSON", targetType: "/AWS::EC2::Instance", content: good.apply(() => renderPartDocument(unpack)), tags },
    opts,
  );
  // A digest of a secret text would tell whoever guesses the text that the guess is right; with a key it does not.
  const digestKey = pulumi.secret(new RandomPassword(`${name}-parts-digest-key`, { length: good.apply(() => 32), special: false }, opts).result);
  const closedBucket = [closed, encryption, transport];

  return {
    instanceProfile: profile.name,
    granted: [rights],
    pusher(machineId) {
      const owner = machineId.apply((id) => createHash("sha256").update(`${name} ${id}`).digest("hex").slice(0, 12));
      const push = (part: string, text: pulumi.Output<string>, confirm: boolean, after: pulumi.Resource[], patience: number): Association => {
        // Untagged, since S3 takes 10 tags of an object and 50 of all else; its bucket has them.
        const object = new BucketObjectv2(
          `${name}-${part}-text`,
          { bucket: bucket.id, key: `${part}.part`, content: text, contentType: "text/plain; charset=utf-8", serverSideEncryption: "AES256" },
          { ...opts, dependsOn: closedBucket },
        );
        const source = bucket.bucketRegionalDomainName.apply((host) => `https://${host}/${part}.part`);
        const digest = pulumi.unsecret(pulumi.all([text, digestKey]).apply(([plain, key]) => createHmac("sha256", key).update(plain).digest("hex")));
        // BUCKET.s3.REGION.amazonaws.com, and .cn in China.
        const confirmBy = confirm ? bucket.bucketRegionalDomainName.apply((host) => `ssm.${host.split(".s3.").at(-1)}`) : "-";
        const parameters: { [Name in keyof PartParameters]: pulumi.Input<string> } = { part, source, owner, confirmBy, digest };
        return new Association(
          `${name}-${part}`,
          { name: document.name, parameters: { ...parameters }, targets: [{ key: "InstanceIds", values: [machineId] }], waitForSuccessTimeoutSeconds: patience, tags },
          // Success is waited for when an association is made, not when it is changed: so each change makes another.
          { ...opts, replaceOnChanges: ["*"], dependsOn: [object, ...after] },
        );
      };
      // Its success waits for the first boot as well.
      let last = push("host", good.apply(hostCommandText), false, [], 1800);
      return {
        push(part, value, secret, confirm) {
          const text = pulumi.output(value).apply(renderPart);
          last = push(part, secret ? pulumi.secret(text) : text, confirm, [last], 600);
          return last;
        },
      };
    },
  };
}
