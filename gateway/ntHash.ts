/**
 * What MS-CHAPv2 knows a password by (RFC 2759, 8.3, NtPasswordHash): MD4 of the password in UTF-16LE. It lets in by
 * MS-CHAPv2 as the password itself does, and by nothing else that a person may have given the same password to.
 */
export function ntHash(password: string): Buffer {
  return md4(Buffer.from(password, "utf16le"));
}

/** RFC 1320, for this alone: Node's OpenSSL has MD4 no longer without its legacy provider. */
export function md4(message: Buffer): Buffer {
  const padded = Buffer.alloc(Math.ceil((message.length + 9) / 64) * 64);
  message.copy(padded);
  padded[message.length] = 0x80;
  padded.writeBigUInt64LE(BigInt(message.length) * 8n, padded.length - 8);
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let at = 0; at < padded.length; at += 64) {
    const words = Array.from({ length: 16 }, (_, index) => padded.readUInt32LE(at + 4 * index));
    const before = [...state];
    for (const { mix, constant, order, shifts } of rounds) {
      for (let step = 0; step < 16; step++) {
        // The register that changes goes round backwards: a, d, c, b.
        const [a, b, c, d] = [0, 1, 2, 3].map((offset) => (offset - step + 16) % 4);
        const sum = (state[a] + mix(state[b], state[c], state[d]) + words[order[step]] + constant) >>> 0;
        const shift = shifts[step % 4];
        state[a] = ((sum << shift) | (sum >>> (32 - shift))) >>> 0;
      }
    }
    before.forEach((value, index) => (state[index] = (state[index] + value) >>> 0));
  }
  const digest = Buffer.alloc(16);
  state.forEach((value, index) => digest.writeUInt32LE(value, 4 * index));
  return digest;
}

/** RFC 1320, 3.4. */
const rounds = [
  { mix: (x: number, y: number, z: number) => (x & y) | (~x & z), constant: 0, order: Array.from({ length: 16 }, (_, index) => index), shifts: [3, 7, 11, 19] },
  { mix: (x: number, y: number, z: number) => (x & y) | (x & z) | (y & z), constant: 0x5a827999, order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15], shifts: [3, 5, 9, 13] },
  { mix: (x: number, y: number, z: number) => x ^ y ^ z, constant: 0x6ed9eba1, order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], shifts: [3, 9, 11, 15] },
];
