/**
 * The first contact with a machine whose user data others may read. Its bootstrap host key, which came in the user
 * data, is good for this one session: the machine mints a key of its own, which never leaves it, serves that from now
 * on, and prints its public half for the stack to pin. Run again it mints nothing and prints the same.
 */
export const hostKeyHandover = [
  "set -eu",
  "key=/etc/ssh/ssh_host_ed25519_key",
  'if [ ! -e "$key.own" ]; then',
  '  rm -f "$key.new" "$key.new.pub"',
  '  ssh-keygen -q -t ed25519 -N "" -C "" -f "$key.new"',
  '  mv "$key.new.pub" "$key.pub"',
  '  mv "$key.new" "$key"',
  '  touch "$key.own"',
  "fi",
  // The session that runs this lives on: sshd's units end the listener alone.
  "systemctl try-restart ssh.service",
  'cut -d " " -f 1,2 "$key.pub"',
  "",
].join("\n");
