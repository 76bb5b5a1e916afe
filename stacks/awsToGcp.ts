import * as pulumi from "@pulumi/pulumi";
import { SiteConnection } from "../components/siteConnection";
import { awsSite, gcpSite } from "./siteStacks";

/** A gateway on AWS and one on Google Cloud, joined by a connection that tells each the other's networks by BGP. */
export function awsToGcp(): Record<string, unknown> {
  const config = new pulumi.Config();
  const [aws, gcp] = [awsSite(config), gcpSite(config)];
  const connection = new SiteConnection("aws-to-gcp", { left: aws.site, right: gcp.site, routing: "bgp" });
  aws.reach(gcp.networks);
  gcp.reach(aws.networks);
  return { awsAddress: aws.address, gcpAddress: gcp.address, preSharedKey: connection.preSharedKey };
}
