import type { Properties } from "../../lab/plugins/values";

/** What the echo provider knows of Google Cloud and Azure. Inputs that the real providers make a new resource for: */
export const otherReplacing: Record<string, string[]> = {
  "gcp:compute/disk:Disk": ["image", "type", "zone"],
  "gcp:compute/instance:Instance": ["bootDisk", "networkInterfaces", "zone"],
  "gcp:compute/route:Route": ["network", "destRange", "nextHopInstance", "nextHopIlb"],
  "gcp:compute/address:Address": ["region"],
  "azure-native:network:Route": ["routeTableName"],
};

export const otherCalls: Record<string, (inputs: Properties) => Properties> = {
  "gcp:compute/getImage:getImage": ({ family }) => ({ id: "image", selfLink: `projects/debian-cloud/global/images/${String(family)}-${process.env.ECHO_IMAGE ?? ""}` }),
  "azure-native:authorization:getClientConfig": () => ({ clientId: "client", objectId: "object", subscriptionId: "subscription", tenantId: "tenant" }),
  "gcp:compute/getZones:getZones": () => ({ id: "zones", names: (process.env.ECHO_ZONES ?? "").split(" ") }),
};

/** Outputs that only the cloud knows. */
export function otherAnswers(token: string, id: string): Properties {
  if (token === "gcp:compute/address:Address") return { address: "198.51.100.21", selfLink: `link-of-${id}` };
  if (token === "gcp:compute/instance:Instance") return { instanceId: `number-of-${id}`, selfLink: `link-of-${id}`, networkInterfaces: [{ networkIp: id.includes("-2-") ? "10.76.0.3" : "10.76.0.2" }] };
  if (token.startsWith("gcp:")) return { selfLink: `link-of-${id}` };
  switch (token) {
    case "azure-native:network:PublicIPAddress":
      return { ipAddress: "198.51.100.22" };
    case "azure-native:network:NetworkInterface":
      return { ipConfigurations: [{ privateIPAddress: "10.76.0.4" }] };
    case "azure-native:network:VirtualNetwork":
      return { subnets: [{ id: `subnet-of-${id}` }] };
    case "azure-native:resources:ResourceGroup":
      return { name: id };
    case "azure-native:compute:VirtualMachine":
      return { vmId: `number-of-${id}` };
    default:
      return {};
  }
}
