import * as pulumi from "@pulumi/pulumi";
import { lacInterface, lacNames } from "../gateway/lac/names";
import { lacPart, lacSecretPart } from "../gateway/lac/parts";
import { validateLac } from "../gateway/lac/validate";
import { siteMachine } from "./gatewaySite";
import { resolveLac, type LacArgs } from "./lacSpec";
import { furtherParts } from "./parts";
import { refuseOrWarn } from "./refuse";

export type LacConnectionArgs = LacArgs;

/**
 * A gateway dials out to somebody's L2TP/IPsec server (LNS) and stays connected: the gateway is the access concentrator
 * (LAC). It pushes one readable and one secret part to the gateway; deleting it takes away exactly those.
 *
 * @throws ResourceError with everything that is wrong with the connection at once, before the gateway is touched
 */
export class LacConnection extends pulumi.ComponentResource {
  /** The PPP interface on the gateway, while the session stands. */
  public readonly interfaceName: pulumi.Output<string>;
  /** UDP port that the gateway dials from. */
  public readonly port: pulumi.Output<number>;

  constructor(name: string, args: LacConnectionArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pulumi-vpn-gateway:index:LacConnection", name, {}, opts);
    const secrets = pulumi.secret(pulumi.output({ preSharedKey: args.preSharedKey, password: args.password }));
    // The description holds no secret, though the gateway's comes beside one.
    const spec = pulumi.unsecret(
      pulumi.all([resolveLac(name, args), secrets]).apply(async ([plain, values]) => {
        await refuseOrWarn(() => validateLac(plain, values), this, `The connection ${plain.name} to an LNS`);
        return plain;
      }),
    );
    const names = lacNames(name);
    const pusher = furtherParts(name, siteMachine(pulumi.output(args.gateway)), { parent: this });
    pusher.push(names.secretPart, pulumi.all([spec, secrets]).apply(([plain, values]) => lacSecretPart(plain, values)), true, false);
    pusher.push(names.part, spec.apply(lacPart), false, false);
    this.interfaceName = pulumi.output(lacInterface(name));
    this.port = spec.apply(({ port }) => port);
    this.registerOutputs({ interfaceName: this.interfaceName, port: this.port });
  }
}
