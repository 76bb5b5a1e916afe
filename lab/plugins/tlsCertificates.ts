/** Self-signed certificates, requests, and certificates signed by a private CA. */
import { createHash, randomBytes, webcrypto } from "node:crypto";
import type { Refusal, ResourceType } from "./provider";
import { number, text, texts, UNKNOWN, type Properties } from "./values";
import { x509 } from "./x509Library";
import { alternativeNames, signingKey, subjectName, USES, useExtensions, type SigningKey } from "./x509Parts";

const HOUR = 3_600_000;
const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
const VALIDITY = ["readyForRenewal", "validityStartTime", "validityEndTime"];

/** A time as the tls provider writes it: RFC 3339, whole seconds. */
function timestamp(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}

/** Whether the time for an early renewal has come. */
export function isDue(state: Properties, now = Date.now()): boolean {
  const end = Date.parse(text(state, "validityEndTime") ?? "");
  return now >= end - (number(state, "earlyRenewalHours") ?? 0) * HOUR;
}

function validity(inputs: Properties): { notBefore: Date; notAfter: Date; state: Properties } {
  const notBefore = new Date(Math.floor(Date.now() / 1000) * 1000);
  const notAfter = new Date(notBefore.getTime() + (number(inputs, "validityPeriodHours") ?? 0) * HOUR);
  const state = { validityStartTime: timestamp(notBefore), validityEndTime: timestamp(notAfter) };
  return { notBefore, notAfter, state: { ...state, readyForRenewal: isDue({ ...inputs, ...state }) } };
}

/** A positive serial number of 127 random bits. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] &= 0x7f;
  return bytes.toString("hex");
}

function pem(encoded: { toString(format: "pem"): string }): string {
  return `${encoded.toString("pem").trimEnd()}\n`;
}

async function issue(
  inputs: Properties,
  issued: { subject: x509.Name; publicKey: x509.PublicKeyType; extensions: x509.Extension[] },
  issuer: { name: x509.Name; key: SigningKey },
): Promise<{ id: string; state: Properties }> {
  const { notBefore, notAfter, state } = validity(inputs);
  const serial = serialNumber();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject: issued.subject,
    issuer: issuer.name,
    notBefore,
    notAfter,
    publicKey: issued.publicKey,
    signingKey: issuer.key.privateKey,
    signingAlgorithm: issuer.key.algorithm,
    extensions: issued.extensions,
  });
  const id = BigInt(`0x${serial}`).toString();
  return { id, state: { ...inputs, ...state, certPem: pem(certificate) } };
}

/** A certificate is identified by its key where it is a CA, or where the person asks for it. */
async function subjectKeyId(inputs: Properties, publicKey: x509.PublicKeyType): Promise<x509.Extension[]> {
  return inputs.isCaCertificate === true || inputs.setSubjectKeyId === true
    ? [await x509.SubjectKeyIdentifierExtension.create(publicKey)]
    : [];
}

function refuseCertificate(...required: string[]): (inputs: Properties) => Refusal[] {
  return (inputs) => [
    ...required
      .filter((property) => inputs[property] === undefined)
      .map((property) => ({ property, reason: "is missing (the write-only …Wo inputs are not taken by the stand-in)" })),
    ...texts(inputs, "allowedUses")
      .filter((use) => use !== UNKNOWN && !USES.includes(use))
      .map((use) => ({ property: "allowedUses", reason: `"${use}" is not one of ${USES.join(", ")}` })),
  ];
}

const renewable: Pick<ResourceType, "replaces" | "expired" | "update" | "read"> = {
  replaces: (property) => property !== "earlyRenewalHours",
  expired: (state) => (isDue(state) ? ["readyForRenewal"] : []),
  update: (state, inputs) => {
    const now = { ...state, ...inputs };
    return Promise.resolve({ ...now, readyForRenewal: isDue(now) });
  },
  read: (state) => ({ ...state, readyForRenewal: isDue(state) }),
};

const defaults = (): Properties => ({ earlyRenewalHours: 0, isCaCertificate: false, setSubjectKeyId: false });

/** The resource type `tls:index/selfSignedCert:SelfSignedCert`. */
export const selfSignedCert: ResourceType = {
  ...renewable,
  computed: [...VALIDITY, "certPem", "keyAlgorithm"],
  secrets: ["privateKeyPem"],
  defaults: () => ({ ...defaults(), setAuthorityKeyId: false }),
  refuse: refuseCertificate("privateKeyPem", "allowedUses", "validityPeriodHours"),
  async create(inputs) {
    const key = await signingKey(text(inputs, "privateKeyPem") ?? "");
    const name = subjectName(inputs);
    const authority =
      inputs.setAuthorityKeyId === true ? [await x509.AuthorityKeyIdentifierExtension.create(key.publicKey)] : [];
    const extensions = [
      ...useExtensions(inputs),
      ...(await subjectKeyId(inputs, key.publicKey)),
      ...authority,
      ...alternativeNames(inputs),
    ];
    const made = await issue(inputs, { subject: name, publicKey: key.publicKey, extensions }, { name, key });
    return { id: made.id, state: { ...made.state, keyAlgorithm: key.name } };
  },
};

/** The resource type `tls:index/certRequest:CertRequest`. */
export const certRequest: ResourceType = {
  computed: ["certRequestPem", "keyAlgorithm"],
  secrets: ["privateKeyPem"],
  refuse: refuseCertificate("privateKeyPem"),
  async create(inputs) {
    const key = await signingKey(text(inputs, "privateKeyPem") ?? "");
    const request = await x509.Pkcs10CertificateRequestGenerator.create({
      name: subjectName(inputs),
      keys: key,
      signingAlgorithm: key.algorithm,
      extensions: alternativeNames(inputs),
    });
    const certRequestPem = pem(request);
    const id = createHash("sha1").update(certRequestPem).digest("hex");
    return { id, state: { ...inputs, certRequestPem, keyAlgorithm: key.name } };
  },
};

/** The resource type `tls:index/locallySignedCert:LocallySignedCert`. */
export const locallySignedCert: ResourceType = {
  ...renewable,
  computed: [...VALIDITY, "certPem", "caKeyAlgorithm"],
  secrets: ["caPrivateKeyPem"],
  defaults,
  refuse: refuseCertificate("caCertPem", "caPrivateKeyPem", "certRequestPem", "allowedUses", "validityPeriodHours"),
  async create(inputs) {
    const request = new x509.Pkcs10CertificateRequest(text(inputs, "certRequestPem") ?? "");
    if (!(await request.verify())) {
      throw new Error("certRequestPem is not signed by the key that it is for");
    }
    const ca = new x509.X509Certificate(text(inputs, "caCertPem") ?? "");
    const key = await signingKey(text(inputs, "caPrivateKeyPem") ?? "");
    if (!Buffer.from(ca.publicKey.rawData).equals(Buffer.from(await spki(key)))) {
      throw new Error("caPrivateKeyPem is not the key of caCertPem");
    }
    const caKeyId = ca.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
    const names = request.getExtension(SUBJECT_ALTERNATIVE_NAME);
    const extensions = [
      ...useExtensions(inputs),
      ...(await subjectKeyId(inputs, request.publicKey)),
      ...(caKeyId === undefined ? [] : [new x509.AuthorityKeyIdentifierExtension(caKeyId)]),
      ...(names ? [names] : []),
    ];
    const issued = { subject: request.subjectName, publicKey: request.publicKey, extensions };
    const made = await issue(inputs, issued, { name: ca.subjectName, key });
    return { id: made.id, state: { ...made.state, caKeyAlgorithm: key.name } };
  },
};

function spki(key: SigningKey): Promise<ArrayBuffer> {
  return webcrypto.subtle.exportKey("spki", key.publicKey);
}
