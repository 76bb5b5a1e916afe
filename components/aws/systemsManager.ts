import { createHash, createHmac } from "crypto";
import * as pulumi from "@pulumi/pulumi";
import { Bucket } from "@pulumi/aws/s3/bucket";
import { BucketObjectv2 } from "@pulumi/aws/s3/bucketObjectv2";
import { BucketPolicy } from "@pulumi/aws/s3/bucketPolicy";
import { BucketPublicAccessBlock } from "@pulumi/aws/s3/bucketPublicAccessBlock";
import { BucketServerSideEncryptionConfiguration } from "@pulumi/aws/s3/bucketServerSideEncryptionConfiguration";
import { Association } from "@pulumi/aws/ssm/association";
import { Document } from "@pulumi/aws/ssm/document";
import { RandomPassword } from "@pulumi/random/randomPassword";
import { renderPartDocument, type PartParameters } from "../../gateway/aws/partDocument";
import { encryptedTransportAlone, machineMay, type Statement } from "../../gateway/aws/policies";
import { renderPart } from "../../gateway/formats/part";
import type { GatewaySpec } from "../../gateway/spec";
import { hostCommandText, unpack } from "../hostCommand";
import type { PartPusher } from "../parts";
import { untilItStands } from "../standing";
import type { Tags } from "./network";

/** The way in by Systems Manager: a bucket for the parts, which the machines' role may read. */
export interface SystemsManagerAccess {
  /** What a machine's role must allow before the machine boots. */
  mayReadParts: pulumi.Output<Statement[]>;
  /** What pushes parts to the gateway's machine, or to `member` of a pair, once `before` is there. */
  pusher(machineId: pulumi.Output<string>, member?: number, before?: pulumi.Resource[]): PartPusher;
  /** Waits until a machine of a pair stands, see `components/standing.ts`, again after each change of `changes`. */
  standing(member: number, machineId: pulumi.Output<string>, changes: pulumi.Output<string>[], after: pulumi.Resource): pulumi.CustomResource;
}

/** Makes the bucket, private and encrypted, and the document that applies a part. */
export function systemsManagerAccess(
  name: string,
  good: pulumi.Output<Pick<GatewaySpec, "platform">>,
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
  const document = new Document(
    `${name}-apply-part`,
    { documentType: "Command", documentFormat: "JSON", targetType: "/AWS::EC2::Instance", content: good.apply(() => renderPartDocument(unpack)), tags },
    opts,
  );
  // A digest of a secret text would tell whoever guesses the text that the guess is right; with a key it does not.
  const digestKey = pulumi.secret(new RandomPassword(`${name}-parts-digest-key`, { length: good.apply(() => 32), special: false }, opts).result);
  const closedBucket = [closed, encryption, transport];

  return {
    mayReadParts: bucket.arn.apply(machineMay),
    pusher(machineId, member, before = []) {
      const own = member === undefined ? name : `${name}-${member}`;
      const folder = member === undefined ? "" : `${member}/`;
      const owner = machineId.apply((id) => createHash("sha256").update(`${own} ${id}`).digest("hex").slice(0, 12));
      const push = (part: string, text: pulumi.Output<string>, confirm: boolean, after: pulumi.Resource[], patience: number): Association => {
        // Untagged, since S3 takes 10 tags of an object and 50 of all else; its bucket has them.
        const object = new BucketObjectv2(
          `${own}-${part}-text`,
          { bucket: bucket.id, key: `${folder}${part}.part`, content: text, contentType: "text/plain; charset=utf-8", serverSideEncryption: "AES256" },
          { ...opts, dependsOn: closedBucket },
        );
        const source = bucket.bucketRegionalDomainName.apply((host) => `https://${host}/${folder}${part}.part`);
        const digest = pulumi.unsecret(pulumi.all([text, digestKey]).apply(([plain, key]) => createHmac("sha256", key).update(plain).digest("hex")));
        // BUCKET.s3.REGION.amazonaws.com, and .cn in China.
        const confirmBy = confirm ? bucket.bucketRegionalDomainName.apply((host) => `ssm.${host.split(".s3.").at(-1)}`) : "-";
        const parameters: { [Name in keyof PartParameters]: pulumi.Input<string> } = { part, source, owner, confirmBy, digest };
        return new Association(
          `${own}-${part}`,
          { name: document.name, parameters: { ...parameters }, targets: [{ key: "InstanceIds", values: [machineId] }], waitForSuccessTimeoutSeconds: patience, tags },
          // Success is waited for when an association is made, not when it is changed: so each change makes another.
          { ...opts, replaceOnChanges: ["*"], dependsOn: [object, ...after] },
        );
      };
      // Its success waits for the first boot as well.
      let last = push("host", good.apply(({ platform }) => hostCommandText(platform)), false, before, 1800);
      return {
        push(part, value, secret, confirm) {
          const text = pulumi.output(value).apply(renderPart);
          last = push(part, secret ? pulumi.secret(text) : text, confirm, [last], 600);
          return last;
        },
      };
    },
    standing(member, machineId, changes, after) {
      const commands = pulumi.all(changes).apply((all) => [`# ${all.join(", ")}`, untilItStands].join("\n"));
      return new Association(
        `${name}-${member}-stands`,
        { name: "AWS-RunShellScript", parameters: { commands }, targets: [{ key: "InstanceIds", values: [machineId] }], waitForSuccessTimeoutSeconds: 600, tags },
        // Another association for each change, as with parts.
        { ...opts, replaceOnChanges: ["*"], dependsOn: [after] },
      );
    },
  };
}
