/** What the words of Cisco's two systems have in common. */
export const ciscoGroups: Record<string, string> = { ecp521: "21", ecp384: "20", ecp256: "19", modp4096: "16", modp3072: "15", modp2048: "14" };
export const ciscoPrfs: Record<string, string> = { prfsha512: "sha512", prfsha384: "sha384", prfsha256: "sha256", prfsha1: "sha" };

/**
 * A key's characters: the command line cannot carry a space or `?`, and takes 128 at most (Cisco IOS Security Command
 * Reference, `pre-shared-key (IKEv2 keyring)`; ASA command reference, `ikev2 local-authentication`).
 */
export const ciscoKey = { pattern: /^[\x21\x23-\x3e\x40-\x7e]{1,127}$/, says: "1 to 127 printable ASCII characters without spaces, quotes and question marks, the first no exclamation mark" };
export const ciscoInterface = /^[A-Za-z][A-Za-z0-9./_-]{0,47}$/;
