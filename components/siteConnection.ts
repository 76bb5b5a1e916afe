import * as pulumi from "@pulumi/pulumi";
import { deviceProblems } from "../gateway/site/devices/validate";
import { siteSecretPart, sitePart } from "../gateway/site/parts";
import { siteNames } from "../gateway/site/names";
import { viewFrom, type Side, type SiteConnectionSpec, type SiteSecrets } from "../gateway/site/spec";
import { validateSite } from "../gateway/site/validate";
import { siteMachine } from "./gatewaySite";
import { firstOf, machinesOf, type SiteInput } from "./pairSite";
import { siteTunnel, type SiteTunnel } from "./siteTunnel";
import { furtherParts } from "./parts";
import { refuseOrWarn } from "./refuse";
import { siteKey } from "./secrets";
import { deviceCertificates, siteCertificates } from "./siteCertificates";
import { deviceConfiguration, keyForDevice, resolveDevice } from "./siteDevice";
import { resolveSite, type SiteArgs } from "./siteSpec";

export type SiteConnectionArgs = SiteArgs;

/**
 * A tunnel between two sites: two gateways of ours, or a gateway and somebody's device. It mints what the two prove
 * themselves by and pushes one readable and one secret part to each gateway, and to both machines of a pair; deleting it takes
 * away exactly those. For a device it gives the configuration as text.
 *
 * @throws ResourceError with everything that is wrong with the connection at once, before either end is touched
 */
export class SiteConnection extends pulumi.ComponentResource {
  /** What the device's owner enters on it; a secret, since it holds the pre-shared key. Empty between two gateways. */
  public readonly deviceConfiguration: pulumi.Output<string>;
  /** The pre-shared key; a secret. Empty where the ends have certificates. */
  public readonly preSharedKey: pulumi.Output<string>;
  /** What a `LayerTwoExtension` takes; a secret. */
  public readonly tunnel: pulumi.Output<SiteTunnel>;

  constructor(name: string, args: SiteConnectionArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pulumi-vpn-gateway:index:SiteConnection", name, {}, opts);
    const child = { parent: this };
    const given = pulumi.output(args.preSharedKey);
    const device = resolveDevice(args.device);
    // The ends' descriptions hold no secret, though they come beside one.
    const spec = pulumi.unsecret(
      pulumi.all([resolveSite(name, args), given, pulumi.output(device)]).apply(async ([plain, preSharedKey, kind]) => {
        const judge = () => [...validateSite(plain, { preSharedKey }), ...(kind === undefined ? [] : deviceProblems(kind.kind, plain, kind, { preSharedKey }))];
        await refuseOrWarn(judge, this, `The site connection ${plain.name}`);
        return plain;
      }),
    );
    const certificates = args.authentication !== "certificate" ? undefined : args.device === undefined ? siteCertificates(name, spec, child) : deviceCertificates(name, spec, args.device, child);
    const key = certificates === undefined ? keyForDevice(siteKey(name, args.preSharedKey, spec, child), device) : undefined;
    const secretsOf = (side: Side): pulumi.Output<SiteSecrets> => certificates?.[side] ?? pulumi.secret(pulumi.output({ preSharedKey: key }));

    const { left, right } = args;
    const pushed = [this.push(name, "left", left, spec, secretsOf("left"))];
    if (right !== undefined) pushed.push(this.push(name, "right", right, spec, secretsOf("right")));
    this.tunnel = siteTunnel(spec, firstOf(left), right === undefined ? undefined : firstOf(right), pulumi.all(pushed.map(({ id }) => id)));
    this.deviceConfiguration = pulumi.secret(
      device === undefined ? "" : pulumi.all([device, spec, secretsOf("right")]).apply(([kind, plain, secrets]) => deviceConfiguration(kind, plain, secrets)),
    );
    this.preSharedKey = pulumi.secret(key ?? "");
    this.registerOutputs({ deviceConfiguration: this.deviceConfiguration, preSharedKey: this.preSharedKey });
  }

  /** To one machine after the other; gives the last push, once which the end stands. */
  private push(name: string, side: Side, end: SiteInput, spec: pulumi.Output<SiteConnectionSpec>, secrets: pulumi.Output<SiteSecrets>): pulumi.CustomResource {
    const names = siteNames(name);
    const shown = pulumi.unsecret(secrets.apply(({ certificate, authority, revocationList }) => ({ certificate, authority, revocationList })));
    let last: pulumi.CustomResource | undefined;
    for (const { site, machine } of machinesOf(end)) {
      const view = spec.apply((plain) => viewFrom(plain, side, machine));
      const own = machine === undefined ? `${name}-${side}` : `${name}-${side}-${machine}`;
      const pusher = furtherParts(own, siteMachine(site), { parent: this, ...(last === undefined ? {} : { dependsOn: [last] }) });
      pusher.push(names.secretPart, pulumi.all([view, secrets]).apply(([plain, values]) => siteSecretPart(plain, values)), true, false);
      last = pusher.push(names.part, pulumi.all([view, shown]).apply(([plain, certificates]) => sitePart(plain, certificates)), false, false);
    }
    return last!;
  }
}
