import * as pulumi from "@pulumi/pulumi";
import type { GatewayIdentity } from "../gateway/identity";
import type { RemoteAccessArgs, SshConnectionArgs } from "./args";
import { clientProfiles, type ClientProfiles } from "./clientProfiles";
import type { GatewaySite } from "./gatewaySite";
import { remoteAccessSpec, standingGateway, type ClientSettings } from "./remoteAccess";

/** Args of {@link SshGateway}. */
export interface SshGatewayArgs extends RemoteAccessArgs {
  /** How to reach the host. Its host key is pinned: any other is refused. */
  connection: SshConnectionArgs;
  /** Port on which the host's own sshd listens, where a forwarding makes it another. @default `connection.port` */
  sshPort?: pulumi.Input<number>;
}

/**
 * A remote-access gateway on an existing host of Debian, Ubuntu or the RHEL family that is reached over SSH.
 * Missing packages are installed; `pulumi destroy` takes the configuration away and puts back what was there before.
 */
export class SshGateway extends pulumi.ComponentResource {
  /** Address or DNS name that clients connect to. */
  public readonly address: pulumi.Output<string>;
  /** What clients must be told; a secret. */
  public readonly clientSettings: pulumi.Output<ClientSettings>;
  /** What another gateway takes as `identity`, to be the same to every enrolled device; a secret: docs/move-house.md. */
  public readonly identity: pulumi.Output<GatewayIdentity>;
  /** What each user imports on their devices: files by path, by user name; a secret. `scripts/clients` writes them. */
  public readonly clientProfiles: pulumi.Output<ClientProfiles>;
  /** What a `SiteConnection` takes; a secret. */
  public readonly site: pulumi.Output<GatewaySite>;

  constructor(name: string, args: SshGatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pulumi-vpn-gateway:index:SshGateway", name, {}, opts);
    const defaults = { endpoint: args.connection.host, sshPort: args.sshPort ?? args.connection.port };
    const spec = remoteAccessSpec(name, args, defaults, this);
    const machine = { connection: args.connection, id: args.connection.host };
    const standing = standingGateway(name, args, spec, machine, this);
    this.clientSettings = standing.settings;
    this.identity = standing.identity;
    this.site = standing.site;
    this.clientProfiles = clientProfiles(spec, this.clientSettings);
    this.address = spec.endpoint;
    this.registerOutputs({ address: this.address, clientSettings: this.clientSettings, site: this.site });
  }
}
