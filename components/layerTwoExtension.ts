import * as pulumi from "@pulumi/pulumi";
import { leastLayerTwoMtu } from "../gateway/layer2/mtu";
import { bridgeInterface, layerTwoNames } from "../gateway/layer2/names";
import { layerTwoPart } from "../gateway/layer2/parts";
import { layerTwoViewFrom } from "../gateway/layer2/spec";
import { validateLayerTwo } from "../gateway/layer2/validate";
import { siteMachine, type GatewaySite } from "./gatewaySite";
import { resolveLayerTwo, type LayerTwoArgs } from "./layerTwoSpec";
import { furtherParts } from "./parts";
import { refuseOrWarn } from "./refuse";

export type LayerTwoExtensionArgs = LayerTwoArgs;

/**
 * A segment of Ethernet that two sites share: VLANs of an inside interface of one gateway are bridged with those of the
 * other's, through the tunnel of a site connection and nowhere else. It pushes one part to each gateway; deleting it takes
 * away exactly those.
 *
 * @throws ResourceError with everything that is wrong with the extension at once, before either gateway is touched
 */
export class LayerTwoExtension extends pulumi.ComponentResource {
  /** What the hosts' MTU should be, in bytes: as large a packet crosses in one, whatever the ends of the tunnel agree on. */
  public readonly mtu: pulumi.Output<number>;
  /** The bridge, by the same name on both gateways. */
  public readonly bridge: pulumi.Output<string>;

  constructor(name: string, args: LayerTwoExtensionArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pulumi-vpn-gateway:index:LayerTwoExtension", name, {}, opts);
    const over = pulumi.output(args.over);
    // The description holds no secret, though the gateways' come beside one.
    const spec = pulumi.unsecret(
      resolveLayerTwo(name, args).apply(async (plain) => {
        await refuseOrWarn(() => validateLayerTwo(plain), this, `The layer-2 extension ${plain.name}`);
        return plain;
      }),
    );
    for (const side of ["left", "right"] as const) {
      // Of a good extension alone: one over a connection to a device has no second gateway.
      const gateway = pulumi.all([over[side], spec]).apply(([site]) => site as GatewaySite);
      const pusher = furtherParts(`${name}-${side}`, siteMachine(gateway), { parent: this });
      pusher.push(layerTwoNames(name).part, spec.apply((plain) => layerTwoPart(layerTwoViewFrom(plain, side))), false, false);
    }
    this.mtu = spec.apply(leastLayerTwoMtu);
    this.bridge = pulumi.output(bridgeInterface(name));
    this.registerOutputs({ mtu: this.mtu, bridge: this.bridge });
  }
}
