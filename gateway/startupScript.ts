import { commands, filesOf, packagesOf, refuseTooMuch, type UserDataArgs } from "./cloudInit";
import { renderShellScript, word, writeFile } from "./formats/shellScript";
import { paths, platform } from "./platforms";

/** Google's agent made the host keys before the script runs, and is told to make no others. */
const agent = { path: "/etc/default/instance_configs.cfg", mode: 0o644, content: "[InstanceSetup]\nset_host_keys = false\n" };
const hostKeyPath = "/etc/ssh/ssh_host_ed25519_key";
const apt = "apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=5";

/**
 * The same first boot as `renderUserData`'s, as a `startup-script` of Google Compute Engine: for images that have
 * Google's agent and no cloud-init. debian-cloud's are such: of debian-cloud-images' classes GCE installs
 * google-guest-agent alone, cloud-init is in EC2's and AZURE's, and Google's own GCE_SPECIFIC adds none
 * (GoogleCloudPlatform/compute-image-tools, daisy_workflows/image_build/debian/fai_config).
 *
 * The agent runs it at each boot: it does nothing once the machine is ready, and until then all of it again.
 *
 * @throws Error if it has more than 16,384 bytes, with what takes the room.
 */
export function renderStartupScript(args: UserDataArgs): string {
  const { spec, hostKey } = args;
  const facts = platform(spec.platform);
  const files = [...filesOf(args, facts), agent];
  const script = renderShellScript(
    [
      `[ -e ${word(paths.ready)} ] && exit 0`,
      "umask 022",
      "export DEBIAN_FRONTEND=noninteractive",
      ...files.flatMap(({ path, mode, content }) => writeFile(path, mode, content)),
      ...(args.loginWhenReady ? [] : writeFile("/root/.ssh/authorized_keys", 0o600, args.authorizedKeys.map((key) => `${key.trim()}\n`).join(""))),
      ...(hostKey === undefined
        ? []
        : [
            // Once: by the second boot the machine may have changed it for its own.
            `if [ ! -e ${hostKeyPath}.bootstrap ]; then`,
            "rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub",
            ...writeFile(hostKeyPath, 0o600, `${hostKey.privateKey.trimEnd()}\n`),
            ...writeFile(`${hostKeyPath}.pub`, 0o644, `${hostKey.publicKey.trim()}\n`),
            `touch ${hostKeyPath}.bootstrap`,
            "fi",
          ]),
      // It has its keys and its options by now.
      "systemctl try-restart ssh.service",
      `${apt} update || exit 1`,
      `${apt} install -y ${packagesOf(spec, facts).map(word).join(" ")} || exit 1`,
      ...commands(args, facts),
    ],
    `First boot of the VPN gateway ${spec.name}. Written by pulumi-vpn-gateway.`,
  );
  refuseTooMuch(script, [...files, { path: "the rest", content: "" }]);
  return script;
}
