/**
 * Where the gateway's own FreeRADIUS reads from: copies that its own user alone may read, made by systemd as root at each start and
 * reload. What the parts hold stays root's alone, and the program needs no right to read anything of root's.
 */
export const runFolder = "/run/vpn-gateway-radius";

/** Where it writes: its books, and nothing else. */
export const stateFolder = "/var/lib/vpn-gateway-radius";

/** The copy of one of the parts' files. */
export function copyOf(path: string): string {
  return `${runFolder}/${fileName(path)}`;
}

/** The last part of a path: what systemd calls a folder of /run or /var/lib by. */
export function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
