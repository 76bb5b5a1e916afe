/**
 * A provider that makes nothing and answers as a cloud's (or a remote command's) would, for what the real engine decides by
 * itself: what changes, what is replaced, in which order. Appends each operation to the file ECHO_LOG as a line of JSON.
 */
import * as fs from "fs";
import type * as grpc from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { EngineLog } from "../../lab/plugins/engineLog";
import { ProviderHandlers, type ResourceType, type ResourceTypes } from "../../lab/plugins/provider";
import { engineAddress, servePlugin } from "../../lab/plugins/server";
import { fromStruct, toStruct, type Properties } from "../../lab/plugins/values";
import { otherAnswers, otherCalls, otherReplacing } from "./otherClouds";

/** Inputs that the real providers make a new resource for, as far as a gateway's changes touch them. */
const replacing: Record<string, string[]> = {
  "aws:ec2/instance:Instance": ["ami", "primaryNetworkInterface"],
  "aws:ec2/networkInterface:NetworkInterface": ["subnetId"],
  "aws:ec2/subnet:Subnet": ["availabilityZone", "cidrBlock", "vpcId"],
  "aws:ec2/route:Route": ["routeTableId", "destinationCidrBlock"],
  "aws:lb/targetGroupAttachment:TargetGroupAttachment": ["targetGroupArn", "targetId"],
  "aws:ec2/eipAssociation:EipAssociation": ["allocationId", "networkInterfaceId"],
  "aws:ec2/securityGroup:SecurityGroup": ["vpcId"],
  "command:remote:Command": ["triggers"],
  ...otherReplacing,
};
const calls: Record<string, (inputs: Properties) => Properties> = {
  "aws:ssm/getParameter:getParameter": ({ name }) => ({ name, id: name, type: "String", value: process.env.ECHO_IMAGE ?? "" }),
  "aws:ec2/getSubnet:getSubnet": ({ id }) => ({ id, vpcId: "vpc-given" }),
  // Another order than the last time: AWS promises none.
  "aws:index/getAvailabilityZones:getAvailabilityZones": () => ({ id: "eu-central-1", names: (process.env.ECHO_ZONES ?? "eu-central-1a eu-central-1b").split(" ") }),
  "aws:ec2/getVpc:getVpc": ({ id }) => ({ id, cidrBlock: "172.31.0.0/16", cidrBlockAssociations: [] }),
  ...otherCalls,
};

const note = (operation: string, urn: string, inputs: Properties) =>
  fs.appendFileSync(
    process.env.ECHO_LOG!,
    `${JSON.stringify({ operation, name: urn.split("::").pop(), image: inputs.ami ?? inputs.image, hostKey: (inputs.connection as Properties | undefined)?.hostKey, removes: inputs.delete })}\n`,
  );

/** Outputs that only a cloud or a machine knows. */
function answersOf(token: string, id: string, inputs: Properties): Properties {
  switch (token) {
    case "command:remote:Command":
      return { stdout: `ssh-ed25519 own-key-of-${String((inputs.triggers as unknown[] | undefined)?.[0])}`, stderr: "" };
    case "aws:ec2/eip:Eip":
      return { publicIp: "198.51.100.20", allocationId: `allocation-${id}`, arn: `arn:aws:ec2:eu-central-1:123456789012:elastic-ip/${id}` };
    case "aws:ec2/networkInterface:NetworkInterface": {
      const net = id.includes("-2-") ? "10.76.0.1" : "10.76.0.";
      return { arn: `arn:aws:ec2:eu-central-1:123456789012:network-interface/${id}`, privateIp: `${net}30`, privateIps: [`${net}30`, `${net}31`] };
    }
    case "aws:lb/loadBalancer:LoadBalancer":
      return { arn: `arn-of-${id}`, dnsName: "office-nlb-0123.elb.eu-central-1.amazonaws.com" };
    case "aws:lb/targetGroup:TargetGroup":
      return { arn: `arn-of-${id}` };
    case "aws:s3/bucket:Bucket":
      return { arn: `arn:aws:s3:::${id}`, bucketRegionalDomainName: `${id}.s3.eu-central-1.amazonaws.com` };
    case "aws:iam/role:Role":
    case "aws:iam/instanceProfile:InstanceProfile":
    case "aws:ssm/document:Document":
      return { name: id, arn: `arn-of-${id}` };
    default:
      return otherAnswers(token, id);
  }
}

function echo(token: string): ResourceType {
  const answers = (id: string, inputs: Properties) => answersOf(token, id, inputs);
  return {
    computed: Object.keys(answers("", {})),
    replaces: (property) => (replacing[token] ?? []).includes(property),
    async create(inputs, { urn }) {
      note("create", urn, inputs);
      const id = `${urn.split("::").pop()}-${process.hrtime.bigint()}`;
      return { id, state: { ...inputs, ...answers(id, inputs) } };
    },
    async update(state, inputs, { urn }) {
      note("update", urn, inputs);
      return { ...state, ...inputs };
    },
    async delete(state, { urn }) {
      note("delete", urn, state);
    },
  };
}

const types = new Proxy({} as ResourceTypes, { get: (_, token) => echo(String(token)) });
const handlers = new ProviderHandlers(process.env.ECHO_NAME!, process.env.ECHO_VERSION!, types, new EngineLog(engineAddress(process.argv)));
const all = handlers.all() as Record<string, grpc.UntypedHandleCall>;
type Reply = (error: Error | null, answer?: unknown) => void;
all.invoke = ((call: { request: proto.InvokeRequest }, reply: Reply) => {
  const answer = calls[call.request.getTok()];
  if (answer === undefined) return reply(new Error(`no answer to ${call.request.getTok()}`));
  const response = new proto.InvokeResponse();
  response.setReturn(toStruct(answer(fromStruct(call.request.getArgs()))));
  reply(null, response);
}) as grpc.UntypedHandleCall;
all.checkConfig = ((call: { request: proto.CheckRequest }, reply: Reply) => {
  const response = new proto.CheckResponse();
  response.setInputs(call.request.getNews());
  reply(null, response);
}) as grpc.UntypedHandleCall;
all.diffConfig = ((_: unknown, reply: Reply) => reply(null, new proto.DiffResponse())) as grpc.UntypedHandleCall;
void servePlugin(ResourceProviderService as unknown as grpc.ServiceDefinition, all, () => handlers.cancel());
