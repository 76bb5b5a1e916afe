/**
 * What no resource of a gateway may be, whoever made it: judged here, asked by the gateway's own validation and by the
 * policy pack. Each gives what is wrong as a sentence, or undefined.
 */

export { isWorld, l2tpRule, opensSshToWorld, sshRule, type Ingress } from "../checks";

/** Metadata that answers whoever asks, so that a forwarded or tricked request gets the machine's credentials. */
export function metadataService(options: { httpEndpoint?: string; httpTokens?: string; httpPutResponseHopLimit?: number } | undefined): string | undefined {
  if (options?.httpEndpoint === "disabled") return undefined;
  if (options?.httpTokens !== "required") return 'answers IMDSv1: set metadataOptions.httpTokens to "required"';
  if ((options.httpPutResponseHopLimit ?? 1) > 1) return "hands metadata tokens beyond the machine itself: set metadataOptions.httpPutResponseHopLimit to 1";
  return undefined;
}

/** A disk that can be read by whoever gets a snapshot of it. */
export function disk(device: { encrypted?: boolean } | undefined): string | undefined {
  return device?.encrypted === true ? undefined : "is not encrypted: set encrypted to true";
}

/** EC2 drops what a machine forwards unless it is told not to look. */
export function forwarding(sourceDestCheck: boolean | undefined): string | undefined {
  return sourceDestCheck === false ? undefined : "drops what the gateway forwards: set sourceDestCheck to false";
}

/** A listener or target group of a load balancer before a gateway. */
export interface Balancing {
  protocol?: string;
  port?: number;
}

/** A Network Load Balancer carries UDP and TCP, never ESP; a TLS or TCP listener on IKE's ports carries no IKE. */
export function ikeThroughBalancer({ protocol, port }: Balancing): string | undefined {
  if (port !== 500 && port !== 4500) return undefined;
  if (protocol === "UDP" || protocol === "TCP_UDP") return undefined;
  return `balances port ${port} as ${protocol ?? "nothing"}: IKE, and ESP within it, are UDP`;
}

/** Both machines of a pair where one power cut takes them both. */
export function zonesOfPair(zones: readonly string[]): string | undefined {
  return zones.length > 1 && new Set(zones).size === 1 ? `both machines of the pair are in availability zone ${zones[0]}` : undefined;
}

/** UDP as a gateway behind a Network Load Balancer must get it. */
export function gatewayTargets(
  group: Balancing & { preserveClientIp?: string | boolean; healthProtocol?: string; stickiness?: { enabled?: boolean; type?: string }; proxyProtocol?: boolean },
): string | undefined {
  const wrong = ikeThroughBalancer(group);
  if (wrong !== undefined || (group.port !== 500 && group.port !== 4500)) return wrong;
  if (group.proxyProtocol === true) return "puts a proxy protocol header before each datagram, which no IKE daemon reads: leave proxyProtocolV2 off";
  // Left out, a balancer chooses by source port too, and a client behind a NAT changes it.
  if (group.stickiness?.type !== "source_ip" || group.stickiness.enabled === false) return 'may send one client\'s datagrams to two machines: set stickiness to { type: "source_ip", enabled: true }';
  if (String(group.preserveClientIp ?? true) !== "true") return "hides clients' addresses, by which IKE tells them apart: leave preserveClientIp on";
  // UDP cannot be asked whether it is well; the balancer asks by TCP, HTTP or HTTPS.
  const health = group.healthProtocol ?? "TCP";
  return ["TCP", "HTTP", "HTTPS"].includes(health) ? undefined : `asks ${health} whether the gateway is well: a Network Load Balancer can ask TCP, HTTP or HTTPS`;
}
