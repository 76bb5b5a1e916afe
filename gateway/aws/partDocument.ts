/** Where the agent puts a part before it is applied: memory, root's alone, emptied when the part stands or is refused. */
const staging = "/run/vpn-gateway-parts";

/** What a part's association tells the document. */
export interface PartParameters {
  /** Name of the part; `host` is the `vpn-gateway` command itself. */
  part: string;
  /** Address of the part's text in the bucket. */
  source: string;
  /** Whose part it is, see `vpn-gateway apply --owner`. */
  owner: string;
  /** Host that must answer on port 443 after the change, or the gateway goes back to what it had; `-`: none. */
  confirmBy: string;
  /** Changes with the text, and runs the document again. */
  digest: string;
}

/**
 * A Systems Manager document that fetches a part from its bucket by the machine's own role and applies it, by the same
 * command as over SSH. A part that needs a second session is confirmed if the machine can still reach Systems Manager:
 * that is how the next change would come.
 *
 * @param unpack a shell command that reads the `host` part and puts the `vpn-gateway` command in place.
 */
export function renderPartDocument(unpack: string): string {
  const prepare = [
    "set -eu",
    // Answers 2 where something was amiss that did not keep the machine from getting ready: the file says so.
    "cloud-init status --wait >/dev/null || true",
    'test -e /var/lib/vpn-gateway/ready || { echo "the first boot did not get ready: see cloud-init status --long" >&2; exit 1; }',
    `rm -rf ${staging}/{{ part }} && install -d -m 700 ${staging}`,
  ];
  const apply = [
    "set -eu",
    `file=${staging}/{{ part }}`,
    `trap 'rm -rf ${staging}/{{ part }}' EXIT`,
    // Whether a path is taken as the file's name or its folder's is the agent's choice.
    'if [ -d "$file" ]; then file=$file/{{ part }}.part; fi',
    "if [ {{ part }} = host ]; then",
    `${unpack} <"$file"`,
    "exit 0",
    "fi",
    'vpn-gateway apply {{ part }} --owner {{ owner }} <"$file"',
    "if [ {{ confirmBy }} != - ]; then",
    `python3 -c 'import socket, sys; socket.create_connection((sys.argv[1], 443), 20)' {{ confirmBy }} || { echo "Systems Manager cannot be reached any more: the gateway goes back by itself" >&2; exit 1; }`,
    "vpn-gateway confirm {{ part }}",
    "fi",
  ];
  const text = (description: string, allowedPattern: string) => ({ type: "String", description, allowedPattern });
  return JSON.stringify(
    {
      schemaVersion: "2.2",
      description: "Applies a part of a VPN gateway",
      parameters: {
        part: text("Name of the part", "^[a-z0-9-]+$"),
        source: text("Address of its text", "^https://[a-z0-9./-]+$"),
        owner: text("Whose it is", "^[0-9a-f]+$"),
        confirmBy: text("Host to be reached afterwards", "^(-|[a-z0-9.-]+)$"),
        digest: text("Changes with the text", "^[0-9a-f]+$"),
      },
      mainSteps: [
        { action: "aws:runShellScript", name: "prepare", onFailure: "exit", inputs: { timeoutSeconds: "1500", runCommand: prepare } },
        {
          action: "aws:downloadContent",
          name: "fetch",
          onFailure: "exit",
          inputs: { sourceType: "S3", sourceInfo: '{"path":"{{ source }}"}', destinationPath: `${staging}/{{ part }}` },
        },
        { action: "aws:runShellScript", name: "apply", onFailure: "exit", inputs: { timeoutSeconds: "600", runCommand: apply } },
      ],
    },
    undefined,
    1,
  );
}
