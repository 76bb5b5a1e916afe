import * as pulumi from "@pulumi/pulumi";
import { SiteConnection } from "../components/siteConnection";
import { SshGateway } from "../components/sshGateway";
import { awsSite, siteGatewayConfig } from "./siteStacks";

/** A gateway on AWS, and a Debian or Ubuntu host on premises that may stand behind a NAT: then it dials. */
export function awsToOnPremises(): Record<string, unknown> {
  const config = new pulumi.Config();
  const aws = awsSite(config);
  const behindNat = config.getBoolean("officeBehindNat");
  const office = new SshGateway("office", {
    ...siteGatewayConfig(config, "office"),
    connection: {
      host: config.require("officeHost"),
      port: config.getNumber("officePort"),
      user: config.get("officeUser"),
      privateKey: config.requireSecret("officePrivateKey"),
      hostKey: config.require("officeHostKey"),
    },
  });
  const connection = new SiteConnection("aws-to-office", { left: aws.site, right: office.site, rightChanges: behindNat, routing: "bgp" });
  aws.reach(config.requireObject<string[]>("officeNetworks"));
  return { awsAddress: aws.address, officeAddress: office.address, preSharedKey: connection.preSharedKey };
}
