import { createHash } from "crypto";
import * as pulumi from "@pulumi/pulumi";
import { base32 } from "../../gateway/oneTimeCode";
import * as debuggable from "@pulumi/pulumi/runtime/debuggable";

// Pulumi notes of each promise and resource where it was made, and jest looks each line of that up in source maps: three
// quarters of a test's time, for what nobody reads.
const { debuggablePromise } = debuggable as unknown as { debuggablePromise(...given: unknown[]): unknown };
Object.assign(debuggable, {
  debuggablePromise: (...given: unknown[]) => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(...given);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  },
});
Object.assign(pulumi.Resource, { callsites: () => [] });

/** One resource as the engine would have been asked for it. */
export interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

/** What function calls give, by token; a token that is not there throws. */
export type Calls = Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>>;

/** Everything registered since {@link record}. */
export const registered: Registered[] = [];

/** As {@link putMocks}, once what a test before this one has begun is through: it would register with these mocks. */
export async function record(preview = false, calls: Calls = {}): Promise<void> {
  await settled().catch(() => undefined);
  putMocks(preview, calls);
}

/** Puts mocks in the engine's place: each resource gets plausible outputs; an unknown function call throws. */
export function putMocks(preview = false, calls: Calls = {}): void {
  registered.length = 0;
  void pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        registered.push({ type, name, inputs });
        return { id: `${name}-id`, state: { ...inputs, ...outputsOf(type, name) } };
      },
      call: ({ token, inputs }) => {
        if (!Object.hasOwn(calls, token)) throw new Error(`no mock for ${token}`);
        return calls[token](inputs as Record<string, unknown>);
      },
    },
    "project",
    "stack",
    preview,
  );
}

function outputsOf(type: string, name: string): Record<string, unknown> {
  switch (type) {
    case "random:index/randomPassword:RandomPassword":
      return { result: name.includes("-one-time-code-seed-") ? base32(createHash("sha1").update(name).digest()) : `minted-${name}-Aa1` };
    case "tls:index/privateKey:PrivateKey":
      return {
        privateKeyPemPkcs8: pem("PRIVATE KEY", name),
        privateKeyOpenssh: pem("OPENSSH PRIVATE KEY", name),
        publicKeyOpenssh: `ssh-ed25519 AAAA${name}`,
      };
    case "tls:index/certRequest:CertRequest":
      return { certRequestPem: pem("CERTIFICATE REQUEST", name) };
    case "tls:index/selfSignedCert:SelfSignedCert":
    case "tls:index/locallySignedCert:LocallySignedCert":
      return { certPem: pem("CERTIFICATE", name) };
    case "aws:ec2/eip:Eip":
      return {
        publicIp: { "aws-address": "198.51.100.31", "office-1-address": "198.51.100.1", "office-2-address": "198.51.100.2" }[name] ?? "198.51.100.20",
        allocationId: `${name}-allocation`,
        arn: `arn:aws:ec2:eu-central-1:123456789012:elastic-ip/${name}-allocation`,
      };
    case "aws:ec2/networkInterface:NetworkInterface": {
      const member = name.includes("-2-") ? 2 : 1;
      const [first, second] = [`10.76.0.${128 * (member - 1) + 10}`, `10.76.0.${128 * (member - 1) + 11}`];
      return { arn: `arn:aws:ec2:eu-central-1:123456789012:network-interface/${name}-id`, privateIp: first, privateIps: [second, first] };
    }
    case "aws:vpc/routeServer:RouteServer":
      return { routeServerId: `${name}-id` };
    case "aws:vpc/routeServerEndpoint:RouteServerEndpoint":
      return { routeServerEndpointId: `${name}-id`, eniAddress: `10.76.0.${4 + Number(name.slice(-1))}` };
    case "aws:lb/loadBalancer:LoadBalancer":
      return { arn: `${name}-arn`, dnsName: `${name}-0123.elb.eu-central-1.amazonaws.com` };
    case "aws:lb/targetGroup:TargetGroup":
      return { arn: `${name}-arn` };
    case "aws:s3/bucket:Bucket":
      return { arn: `arn:aws:s3:::${name}`, bucketRegionalDomainName: `${name}.s3.eu-central-1.amazonaws.com` };
    case "aws:iam/role:Role":
    case "aws:iam/instanceProfile:InstanceProfile":
    case "aws:ssm/document:Document":
      return { name: `${name}-name`, arn: `${name}-arn` };
    case "gcp:compute/address:Address":
      return { address: { "gcp-address": "198.51.100.32", "office-1-address": "198.51.100.1", "office-2-address": "198.51.100.2", "office-1-inside": "10.76.0.2", "office-2-inside": "10.76.0.3" }[name] ?? "198.51.100.20", selfLink: `${name}-link` };
    case "gcp:compute/instance:Instance":
      return { instanceId: `${name}-number`, selfLink: `${name}-link`, networkInterfaces: [{ networkIp: name.includes("-2-") ? "10.76.0.3" : "10.76.0.2" }] };
    case "gcp:compute/network:Network":
    case "gcp:compute/subnetwork:Subnetwork":
    case "gcp:compute/disk:Disk":
    case "gcp:compute/instanceGroup:InstanceGroup":
    case "gcp:compute/regionBackendService:RegionBackendService":
    case "gcp:compute/regionHealthCheck:RegionHealthCheck":
    case "gcp:compute/forwardingRule:ForwardingRule":
      return { selfLink: `${name}-link` };
    case "azure-native:network:PublicIPAddress":
      return { ipAddress: { "azure-address": "198.51.100.33", "office-1-address": "198.51.100.1", "office-2-address": "198.51.100.2" }[name] ?? "198.51.100.20" };
    case "azure-native:network:NetworkInterface":
      return { ipConfigurations: [{ privateIPAddress: name.includes("-2-") ? "10.76.0.5" : "10.76.0.4" }] };
    case "azure-native:network:VirtualNetwork":
      return { subnets: [{ id: `${name}-subnet` }] };
    case "azure-native:resources:ResourceGroup":
      return { name: `${name}-name` };
    case "azure-native:compute:VirtualMachine":
      return { vmId: `${name}-number` };
    case "command:local:Command":
      // What `lab/bin/machine start` prints.
      return { stdout: JSON.stringify({ sshPort: 2200 }), stderr: "" };
    case "command:remote:Command":
      return { stdout: `${name}\n`, stderr: "" };
    default:
      return {};
  }
}

function pem(label: string, name: string): string {
  return `-----BEGIN ${label}-----\n${Buffer.from(name).toString("base64")}\n-----END ${label}-----\n`;
}

/** The value of an output, once it is there. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((done) => output.apply(done));
}

/** Those of a type, by name. */
export function ofType(type: string): Map<string, Record<string, unknown>> {
  return new Map(registered.filter((one) => one.type === type).map((one) => [one.name, one.inputs]));
}

/** The only one of a type. */
export function one(type: string): Record<string, unknown> {
  const found = [...ofType(type).values()];
  if (found.length !== 1) throw new Error(`${found.length} of ${type}, not one`);
  return found[0];
}

/** Waits until every registration that the program has begun is recorded. */
export async function settled(): Promise<void> {
  const { disconnect } = await import("@pulumi/pulumi/runtime/settings");
  await disconnect();
}

/** An input as mocks see it, without the wrapping of a secret. */
export function plain<T>(value: unknown): T {
  const wrapped = value as { value?: T };
  return wrapped !== null && typeof wrapped === "object" && "value" in wrapped ? (wrapped.value as T) : (value as T);
}

/** A text input, secret or not. */
export function textOf(value: unknown): string {
  return plain<string>(value);
}
