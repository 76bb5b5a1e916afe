import { spawnSync } from "child_process";
import { X509Certificate } from "crypto";
import { espProposals, ikeProposals } from "../../../gateway/cipherSuites";
import { isrgRootX1 } from "../../../gateway/certificates/letsEncrypt";
import { folderOf } from "../../../gateway/clients/clientProfiles";
import type { GatewaySpec } from "../../../gateway/spec";
import { readIni, readKeyFile, readPowerShellVariables, readPppWords, readShellVariables, readStrongswanConf } from "../formats/readers";
import { authorityOf, issued } from "../certificates/helpers";
import { authority, filesOf, readByPython } from "./helpers";

const split: Partial<GatewaySpec> = { tunnel: "split" };
const dual: Partial<GatewaySpec> = { ikev2: { pool: "10.77.2.0/24", pool6: "fd77:2::/64" }, insideNetworks: ["10.20.0.0/16", "2001:db8:20::/48"] };
const psk = "canary-of-the-pre-shared-key-8431";
const password = "canary-password-0-8431";

/** A document whose shape the assertions themselves say. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Anything = any;

interface Mobileconfig {
  PayloadContent: Record<string, Anything>[];
  PayloadUUID: string;
  PayloadIdentifier: string;
}
const mobileconfig = (text: string) => readByPython<Mobileconfig>("plist", [text])[0];

describe("which files there are", () => {
  test("everything that the gateway serves, for each device", () => {
    expect(Object.keys(filesOf()).sort()).toEqual([
      "android/office.sswan",
      "android/values.txt",
      "apple/office-ikev2.mobileconfig",
      "apple/office-l2tp.mobileconfig",
      "authority.crt",
      "instructions.html",
      "linux/ikev2/etc/swanctl/conf.d/office.conf",
      "linux/ikev2/etc/swanctl/x509ca/office.pem",
      "linux/l2tp/etc/ppp/ip-down.d/office-l2tp",
      "linux/l2tp/etc/ppp/ip-up.d/office-l2tp",
      "linux/l2tp/etc/ppp/options.office-l2tp",
      "linux/l2tp/etc/swanctl/conf.d/office-l2tp.conf",
      "linux/l2tp/etc/xl2tpd/xl2tpd.conf",
      "linux/networkmanager/office-ikev2.nmconnection",
      "linux/networkmanager/office-l2tp.nmconnection",
      "openwrt/etc/swanctl/conf.d/office.conf", "openwrt/etc/swanctl/office-updown", "openwrt/etc/swanctl/x509ca/office.pem",
      "router.txt", "router/office.rsc",
      "windows/office-ikev2.ps1",
      "windows/office-l2tp.ps1",
    ]);
  });
  test("no L2TP for Android, and none of a kind of client that the gateway does not serve", () => {
    expect(Object.keys(filesOf({ clients: ["android"] })).filter((file) => /l2tp/i.test(file))).toEqual([]);
    const files = Object.keys(filesOf({ clients: ["apple"] }));
    expect(files.filter((file) => /^(windows|android|linux)/.test(file))).toEqual([]);
    expect(files).toContain("apple/office-l2tp.mobileconfig");
  });
  test("one protocol alone", () => {
    expect(Object.keys(filesOf({ l2tp: undefined })).filter((file) => file.includes("l2tp"))).toEqual([]);
    const l2tp = Object.keys(filesOf({ ikev2: undefined }));
    expect(l2tp.filter((file) => file.includes("ikev2") || file.includes("authority") || /^(android|openwrt|router\/)/.test(file))).toEqual([]);
    expect(l2tp).toContain("windows/office-l2tp.ps1");
  });
});

describe("Windows", () => {
  test("the words are those of what the gateway offers Windows", () => {
    const files = filesOf();
    expect(readPowerShellVariables(files["windows/office-ikev2.ps1"])).toMatchObject({
      Server: "192.0.2.11", TunnelType: "Ikev2", PreSharedKey: "", SplitTunneling: false, Routes: [],
      EncryptionMethod: "AES256", IntegrityCheckMethod: "SHA384", DHGroup: "ECP384",
      CipherTransformConstants: "GCMAES256", AuthenticationTransformConstants: "GCMAES256", PfsGroup: "None",
    });
    expect(ikeProposals("ikev2", ["windows"]).join()).toMatch(/aes256-sha384-.*ecp384/);
    expect(espProposals("ikev2", ["windows"])).toContain("aes256gcm16");
    expect(readPowerShellVariables(files["windows/office-l2tp.ps1"])).toMatchObject({
      TunnelType: "L2tp", PreSharedKey: psk, Authority: "",
      EncryptionMethod: "AES256", IntegrityCheckMethod: "SHA1", DHGroup: "ECP384",
      CipherTransformConstants: "AES256", AuthenticationTransformConstants: "SHA196", PfsGroup: "None",
    });
    expect(ikeProposals("l2tp", ["windows"])).toContain("aes256-sha1-ecp384");
    expect(espProposals("l2tp", ["windows"])).toContain("aes256-sha1");
  });
  test("no script holds a password, and IKEv2's no pre-shared key", () => {
    const files = filesOf();
    for (const file of ["windows/office-ikev2.ps1", "windows/office-l2tp.ps1"]) expect(files[file]).not.toContain(password);
    expect(files["windows/office-ikev2.ps1"]).not.toContain(psk);
  });
  test("split tunnel: the networks and the name server outside them are routes; full: IPv6 alone needs some", () => {
    expect(readPowerShellVariables(filesOf(split)["windows/office-ikev2.ps1"])).toMatchObject({ SplitTunneling: true, Routes: ["10.20.0.0/16", "9.9.9.9/32"] });
    expect(readPowerShellVariables(filesOf(split)["windows/office-l2tp.ps1"])).toMatchObject({ SplitTunneling: true, Routes: ["10.20.0.0/16", "9.9.9.9/32"] });
    expect(readPowerShellVariables(filesOf(dual)["windows/office-ikev2.ps1"])).toMatchObject({ SplitTunneling: false, Routes: ["::/1", "8000::/1"] });
    expect(readPowerShellVariables(filesOf({ ...dual, ...split })["windows/office-ikev2.ps1"])).toMatchObject({ Routes: ["10.20.0.0/16", "2001:db8:20::/48", "9.9.9.9/32"] });
    expect(readPowerShellVariables(filesOf({ ...dual, ...split })["windows/office-l2tp.ps1"])).toMatchObject({ Routes: ["10.20.0.0/16", "9.9.9.9/32"] });
  });
  test("the authority that it imports is the gateway's", () => {
    const { Authority } = readPowerShellVariables(filesOf()["windows/office-ikev2.ps1"]);
    expect(new X509Certificate(Buffer.from(Authority as string, "base64")).fingerprint256).toBe(new X509Certificate(authority).fingerprint256);
  });
});

describe("Apple", () => {
  test("IKEv2: DH group 19 and AES-256-GCM, for IKE and the child, which the gateway offers first", () => {
    const [root, vpn] = mobileconfig(filesOf()["apple/office-ikev2.mobileconfig"]).PayloadContent;
    const parameters = { EncryptionAlgorithm: "AES-256-GCM", IntegrityAlgorithm: "SHA2-256", DiffieHellmanGroup: 19, LifeTimeInMinutes: 1440 };
    expect(vpn).toMatchObject({
      PayloadType: "com.apple.vpn.managed",
      VPNType: "IKEv2",
      IPv4: { OverridePrimary: 1 },
      IKEv2: {
        RemoteAddress: "192.0.2.11", RemoteIdentifier: "192.0.2.11", LocalIdentifier: "alice",
        AuthenticationMethod: "None", ExtendedAuthEnabled: 1, AuthName: "alice", AuthPassword: password, EnablePFS: 1,
        IKESecurityAssociationParameters: parameters, ChildSecurityAssociationParameters: parameters,
      },
    });
    expect(vpn.IKEv2.OnDemandEnabled).toBeUndefined();
    expect(vpn.DNS).toBeUndefined();
    expect([ikeProposals("ikev2", ["apple"])[0], espProposals("ikev2", ["apple"])[0]]).toEqual(["aes256gcm16-prfsha256-ecp256", "aes256gcm16-ecp256"]);
    expect(root.PayloadType).toBe("com.apple.security.root");
    expect(new X509Certificate(Buffer.from(root.PayloadContent.data as string, "base64")).subject).toBe("CN=office VPN authority");
  });
  test("L2TP with the pre-shared key as bytes", () => {
    const [vpn] = mobileconfig(filesOf()["apple/office-l2tp.mobileconfig"]).PayloadContent;
    expect(vpn).toMatchObject({
      VPNType: "L2TP",
      PPP: { CommRemoteAddress: "192.0.2.11", AuthName: "alice", AuthPassword: password },
      IPSec: { AuthenticationMethod: "SharedSecret", SharedSecret: { data: Buffer.from(psk).toString("base64") } },
    });
  });
  test("split tunnel: not the default route, and the tunnel's name servers for every name", () => {
    const [, vpn] = mobileconfig(filesOf(split)["apple/office-ikev2.mobileconfig"]).PayloadContent;
    expect(vpn.IPv4).toEqual({ OverridePrimary: 0 });
    expect(vpn.DNS).toMatchObject({ ServerAddresses: ["10.20.0.53", "9.9.9.9"], SupplementalMatchDomains: [""] });
  });
  test("on demand by choice, but not in a trusted network", () => {
    const demand = (trustedWireless: string[]) => mobileconfig(filesOf({ profiles: { onDemand: true, trustedWireless } })["apple/office-ikev2.mobileconfig"]).PayloadContent[1].IKEv2;
    expect(demand([])).toMatchObject({ OnDemandEnabled: 1, OnDemandRules: [{ Action: "Connect" }] });
    expect(demand(["Office & <Café>"]).OnDemandRules).toEqual([{ Action: "Disconnect", InterfaceTypeMatch: "WiFi", SSIDMatch: ["Office & <Café>"] }, { Action: "Connect" }]);
  });
  test("a newer profile replaces the older: its identifiers follow from names, and are nobody else's", () => {
    const ids = (changes: Partial<GatewaySpec>, user: string) => {
      const read = mobileconfig(filesOf(changes, user)["apple/office-ikev2.mobileconfig"]);
      return [read.PayloadUUID, read.PayloadIdentifier, ...read.PayloadContent.map(({ PayloadUUID }) => PayloadUUID as string)];
    };
    const first = ids({}, "alice");
    expect(ids({ ...split, dns: [] }, "alice")).toEqual(first);
    for (const other of [ids({}, "bob@example.com"), ids({ endpoint: "vpn.example.com" }, "alice")]) expect(other.filter((id) => first.includes(id))).toEqual([]);
    expect(first[0]).toMatch(/^[0-9A-F]{8}-[0-9A-F]{4}-5[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/);
  });
});

describe("Android", () => {
  const sswan = (changes: Partial<GatewaySpec> = {}) => readByPython<Record<string, Anything>>("json", [filesOf(changes)["android/office.sswan"]])[0];
  test("the strongSwan app's profile, without a password, which it has no place for", () => {
    expect(sswan({ endpoint: "vpn.example.com" })).toMatchObject({
      name: "office", type: "ikev2-eap",
      remote: { addr: "vpn.example.com", id: "vpn.example.com" },
      local: { eap_id: "alice" },
      "esp-proposal": "aes256gcm16-x25519-ecp384-ecp256-modp3072-modp2048",
    });
    expect(ikeProposals("ikev2", ["android"])).toContain(sswan()["ike-proposal"]);
    expect(new X509Certificate(Buffer.from(sswan().remote.cert as string, "base64")).subject).toBe("CN=office VPN authority");
    expect(filesOf()["android/office.sswan"]).not.toContain(password);
  });
  test("split and full tunnel, with IPv6 and without", () => {
    expect(sswan(split)["split-tunneling"]).toEqual({ subnets: ["10.20.0.0/16", "9.9.9.9/32"] });
    expect(sswan()["split-tunneling"]).toEqual({ "block-ipv6": true });
    expect(sswan(dual)["split-tunneling"]).toBeUndefined();
  });
});

describe("Linux", () => {
  const swanctl = (changes: Partial<GatewaySpec> = {}) => readStrongswanConf(filesOf(changes)["linux/ikev2/etc/swanctl/conf.d/office.conf"]) as Anything;
  test("swanctl pins the authority and the gateway's name", () => {
    const { connections, secrets } = swanctl({ endpoint: "vpn.example.com" });
    expect(connections.office).toMatchObject({ version: "2", remote_addrs: "vpn.example.com", vips: "0.0.0.0", local: { auth: "eap-mschapv2", eap_id: "alice" }, remote: { auth: "pubkey", id: "vpn.example.com", cacerts: "office.pem" } });
    expect(connections.office.children.office.remote_ts).toBe("0.0.0.0/0");
    expect(secrets["eap-office"]).toEqual({ id: "alice", secret: `0s${Buffer.from(password).toString("base64")}` });
    expect(filesOf()["linux/ikev2/etc/swanctl/x509ca/office.pem"].trim()).toBe(authority.trim());
  });
  test("swanctl: split tunnel and IPv6", () => {
    expect(swanctl(split).connections.office.children.office.remote_ts).toBe("10.20.0.0/16, 9.9.9.9/32");
    expect(swanctl(dual).connections.office).toMatchObject({ vips: "0.0.0.0, ::", children: { office: { remote_ts: "0.0.0.0/0, ::/0" } } });
  });
  test("L2TP: IPsec, xl2tpd, pppd and its routes name each other", () => {
    const files = filesOf({ name: "head-office" });
    const at = (path: string) => files[`linux/l2tp/etc/${path}`];
    const { connections, secrets } = readStrongswanConf(at("swanctl/conf.d/head-office-l2tp.conf")) as Anything;
    expect(connections["head-office-l2tp"]).toMatchObject({ version: "1", children: { "head-office-l2tp": { mode: "transport", local_ts: "dynamic[udp/1701]" } } });
    expect(secrets["ike-head-office-l2tp"]).toEqual({ id: "192.0.2.11", secret: `0s${Buffer.from(psk).toString("base64")}` });
    expect(readIni(at("xl2tpd/xl2tpd.conf"))["lac head-office-l2tp"]).toMatchObject({ lns: "192.0.2.11", pppoptfile: "/etc/ppp/options.head-office-l2tp" });
    expect(readPppWords(at("ppp/options.head-office-l2tp"))).toEqual(expect.arrayContaining([["user", "alice"], ["password", password], ["linkname", "head-office-l2tp"], ["mtu", "1402"]]));
    expect(readShellVariables(at("ppp/ip-up.d/head-office-l2tp"))).toMatchObject({ link: "head-office-l2tp", networks: "0.0.0.0/1 128.0.0.0/1" });
    expect(readShellVariables(filesOf(split)["linux/l2tp/etc/ppp/ip-up.d/office-l2tp"]).networks).toBe("10.20.0.0/16 9.9.9.9/32");
  });
  test("NetworkManager with strongSwan", () => {
    const file = readKeyFile(filesOf({ ...dual, ...split })["linux/networkmanager/office-ikev2.nmconnection"]);
    expect(file.connection).toMatchObject({ id: "office", type: "vpn", autoconnect: "false" });
    expect(file.vpn).toMatchObject({
      "service-type": "org.freedesktop.NetworkManager.strongswan", address: "192.0.2.11", certificate: "/etc/NetworkManager/certificates/office.pem",
      method: "eap", user: "alice", virtual: "yes", proposal: "yes", "remote-ts": "10.20.0.0/16;2001:db8:20::/48;9.9.9.9/32",
    });
    expect(file.vpn.ike.split(";")).toEqual(ikeProposals("ikev2", ["linux"]));
    expect([file["vpn-secrets"], file.ipv4["never-default"], file.ipv6]).toEqual([{ password }, "true", { method: "auto", "never-default": "true" }]);
    expect(readKeyFile(filesOf()["linux/networkmanager/office-ikev2.nmconnection"])).toMatchObject({ ipv4: { method: "auto" }, ipv6: { method: "disabled" } });
  });
  test("NetworkManager with L2TP", () => {
    const file = readKeyFile(filesOf(split)["linux/networkmanager/office-l2tp.nmconnection"]);
    expect(file.vpn).toMatchObject({ "service-type": "org.freedesktop.NetworkManager.l2tp", gateway: "192.0.2.11", "machine-auth-type": "psk", mtu: "1402" });
    expect(file["vpn-secrets"]).toEqual({ password, "ipsec-psk": `0s${Buffer.from(psk).toString("base64")}` });
    expect(file.ipv4).toEqual({ method: "auto", "never-default": "true", route1: "10.20.0.0/16", route2: "9.9.9.9/32" });
  });
});

test("a router's values: the proposals of all kinds of client, and the computed sizes", () => {
  const text = filesOf({ clients: ["linux"] })["router.txt"];
  for (const proposal of [...ikeProposals("ikev2", ["linux"]), ...espProposals("l2tp", ["linux"])]) expect(text).toContain(proposal);
  expect(text).toContain("1438 bytes");
});

test("folders of users: one part of a path for each name, whatever it is", () => {
  expect([folderOf("alice"), folderOf("bob@example.com"), folderOf("."), folderOf(".."), folderOf("../../etc"), folderOf("é")]).toEqual([
    "alice", "bob@example.com", "%2E", "%2E.", "%2E.%2F%2E.%2Fetc".replace("%2F%2E", "%2F."), "%C3%A9",
  ]);
  const long = "😀".repeat(64);
  expect(folderOf(long).length).toBeLessThan(256);
  expect(folderOf(long)).not.toBe(folderOf(`${long.slice(0, -2)}x`));
});

describe("what one user alone is given", () => {
  const fixed: Partial<GatewaySpec> = {
    l2tp: { pool: "10.77.1.0/24" },
    ikev2: { pool: "10.77.2.0/24", fixedPool: "10.77.4.0/24" },
  };
  const alone = (user: object, changes: Partial<GatewaySpec> = {}) => filesOf({ ...fixed, ...changes, users: [{ name: "alice", ...user }, { name: "bob" }] });

  test("who may use one protocol alone has no file for the other, and the other user both", () => {
    const ikev2 = Object.keys(alone({ protocols: ["ikev2"] }));
    expect(ikev2.filter((file) => /l2tp|ppp/.test(file))).toEqual([]);
    expect(ikev2).toContain("apple/office-ikev2.mobileconfig");
    const files = alone({ protocols: ["l2tp"] });
    expect(Object.keys(files).filter((file) => /ikev2|authority|android/.test(file))).toEqual([]);
    expect(alone({ protocols: ["ikev2"] })["router.txt"]).not.toContain(psk);
    expect(alone({ protocols: ["ikev2"] })["instructions.html"]).not.toContain(psk);
    const bobs = filesOf({ ...fixed, users: [{ name: "alice", protocols: ["ikev2"] }, { name: "bob" }] }, "bob");
    expect(Object.keys(bobs).filter((file) => /l2tp/.test(file)).length).toBeGreaterThan(5);
  });
  test("who is suspended has a page that says so, without a secret, and nothing else", () => {
    const files = alone({ suspended: true });
    expect(Object.keys(files)).toEqual(["instructions.html"]);
    expect(files["instructions.html"]).toContain("is suspended");
    for (const secret of [password, psk]) expect(files["instructions.html"]).not.toContain(secret);
    expect(alone({ suspended: false })["instructions.html"]).toContain(password);
  });
  test("the page says when the access ends", () => {
    expect(alone({ validUntil: "2026-12-31T18:00:00+01:00" })["instructions.html"]).toContain("2026-12-31T18:00:00+01:00");
    expect(alone({})["instructions.html"]).not.toContain("access ends");
  });
  test("routes of their own make a split tunnel by IKEv2, and leave L2TP's full", () => {
    const files = alone({ ikev2Address: "10.77.4.50", routes: ["10.30.0.0/16"] });
    expect(readPowerShellVariables(files["windows/office-ikev2.ps1"])).toMatchObject({ SplitTunneling: true, Routes: ["10.30.0.0/16"] });
    expect(readPowerShellVariables(files["windows/office-l2tp.ps1"])).toMatchObject({ SplitTunneling: false, Routes: [] });
    const [, vpn] = mobileconfig(files["apple/office-ikev2.mobileconfig"]).PayloadContent;
    expect([vpn.IPv4, vpn.DNS?.ServerAddresses]).toEqual([{ OverridePrimary: 0 }, ["10.20.0.53", "9.9.9.9"]]);
    expect(mobileconfig(files["apple/office-l2tp.mobileconfig"]).PayloadContent[0].IPv4).toEqual({ OverridePrimary: 1 });
    expect((JSON.parse(files["android/office.sswan"]) as Anything)["split-tunneling"]).toEqual({ subnets: ["10.30.0.0/16"] });
    const { connections } = readStrongswanConf(files["linux/ikev2/etc/swanctl/conf.d/office.conf"]) as Anything;
    expect(connections.office.children.office.remote_ts).toBe("10.30.0.0/16");
    expect(readKeyFile(files["linux/networkmanager/office-ikev2.nmconnection"]).vpn["remote-ts"]).toBe("10.30.0.0/16");
    expect(files["instructions.html"]).toMatch(/connected by IKEv2, only what is for these networks goes through the VPN: 10\.30\.0\.0\/16[\s\S]*connected by L2TP, everything/);
  });
  test("routes of their own can make a full tunnel of a split one", () => {
    const files = alone({ ikev2Address: "10.77.4.50", routes: ["0.0.0.0/0"] }, split);
    expect(readPowerShellVariables(files["windows/office-ikev2.ps1"])).toMatchObject({ SplitTunneling: false, Routes: [] });
    expect(readPowerShellVariables(files["windows/office-l2tp.ps1"])).toMatchObject({ SplitTunneling: true });
  });
  test("name servers of their own: in the profile, and within what a split tunnel carries", () => {
    const files = alone({ ikev2Address: "10.77.4.50", dns: ["8.8.4.4"] }, split);
    const [, vpn] = mobileconfig(files["apple/office-ikev2.mobileconfig"]).PayloadContent;
    expect(vpn.DNS.ServerAddresses).toEqual(["8.8.4.4"]);
    for (const protocol of ["ikev2", "l2tp"]) expect(readPowerShellVariables(files[`windows/office-${protocol}.ps1`])).toMatchObject({ Routes: ["10.20.0.0/16", "8.8.4.4/32"] });
  });
});

describe("who proves themselves by a certificate", () => {
  const signer = authorityOf("office VPN authority");
  const credential = { ...issued(signer, "alice"), containerPassword: "canary-container-8431" };
  const certified = (user: object = {}, changes: Partial<GatewaySpec> = {}) =>
    filesOf(
      { ikev2: { pool: "10.77.2.0/24", certificates: true }, users: [{ name: "alice", authentication: "certificate", protocols: ["ikev2"], ...user }, { name: "bob" }], ...changes },
      "alice",
      { authority: signer.certificate, credentials: { alice: credential } },
    );
  const files = certified();
  const opened = (p12: string, legacy: boolean, password = credential.containerPassword) => {
    const words = ["pkcs12", ...(legacy ? ["-legacy"] : []), "-nodes", "-passin", `pass:${password}`];
    return spawnSync("openssl", words, { input: Buffer.from(p12, "base64"), encoding: "utf8" }).stdout;
  };

  test("no IKEv2 profile holds the password, which is for L2TP alone", () => {
    for (const [path, content] of Object.entries(files)) expect([path, content.includes(password)]).toEqual([path, false]);
    const both = certified({ protocols: ["ikev2", "l2tp"] });
    expect(both["apple/office-l2tp.mobileconfig"]).toContain(password);
    expect(both["apple/office-ikev2.mobileconfig"]).not.toContain(password);
  });
  test("swanctl signs, with the certificate and the key where it reads them", () => {
    const { connections, secrets } = readStrongswanConf(files["linux/ikev2/etc/swanctl/conf.d/office.conf"]) as Anything;
    expect([connections.office.local, secrets]).toEqual([{ auth: "pubkey", certs: "office.pem", id: "alice" }, undefined]);
    expect(files["linux/ikev2/etc/swanctl/x509/office.pem"]).toBe(credential.certificate);
    expect(files["linux/ikev2/etc/swanctl/private/office.pem"]).toBe(credential.privateKey);
  });
  test("NetworkManager is told where both are", () => {
    const file = readKeyFile(files["linux/networkmanager/office-ikev2.nmconnection"]);
    expect(file.vpn).toMatchObject({ method: "cert", "cert-source": "file", usercert: "/etc/NetworkManager/certificates/office-user.pem", userkey: "/etc/NetworkManager/certificates/office-user.key", "local-identity": "alice" });
    expect([file.vpn.user, file["vpn-secrets"]]).toEqual([undefined, undefined]);
    expect(files["linux/networkmanager/office-user.key"]).toBe(credential.privateKey);
  });
  test("Apple's profile has the container in its legacy form, and the connection names it", () => {
    const [, holder, vpn] = mobileconfig(files["apple/office-ikev2.mobileconfig"]).PayloadContent;
    expect(holder).toMatchObject({ PayloadType: "com.apple.security.pkcs12", Password: credential.containerPassword });
    expect(vpn.IKEv2).toMatchObject({ AuthenticationMethod: "Certificate", CertificateType: "RSA", PayloadCertificateUUID: holder.PayloadUUID, ExtendedAuthEnabled: 0, LocalIdentifier: "alice" });
    expect([vpn.IKEv2.AuthName, vpn.IKEv2.AuthPassword]).toEqual([undefined, undefined]);
    expect(opened(holder.PayloadContent.data as string, true)).toContain(credential.privateKey.trim());
  });
  test("the strongSwan app's profile has it too, and no password", () => {
    const profile = JSON.parse(files["android/office.sswan"]) as Anything;
    expect([profile.type, profile.local.id, profile.local.eap_id]).toEqual(["ikev2-cert", "alice", undefined]);
    expect(opened(profile.local.p12 as string, true)).toContain(credential.certificate.trim());
    expect(files["android/office.sswan"]).not.toContain(credential.containerPassword);
    expect(files["android/values.txt"]).toMatch(/IKEv2\/IPSec RSA[\s\S]*IPSec user certificate/);
  });
  test("Windows imports the modern form into the machine's store, asks for its password, and signs with it", () => {
    const script = files["windows/office-ikev2.ps1"];
    const { Container, Thumbprint } = readPowerShellVariables(script);
    expect(opened(Container as string, false)).toContain(credential.privateKey.trim());
    expect(Thumbprint).toBe(new X509Certificate(credential.certificate).fingerprint.replaceAll(":", ""));
    expect(script).toContain("AuthenticationMethod = 'MachineCertificate'");
    expect(script).not.toMatch(/New-EapConfiguration|RememberCredential/);
    expect(script.match(/Test-Certificate/g)!.length).toBeGreaterThan(4);
    expect(script).not.toContain(credential.containerPassword);
    expect(filesOf()["windows/office-ikev2.ps1"]).not.toMatch(/Container|Import-Pfx/);
  });
  test("both forms of the container, and the page says by which password they open", () => {
    expect(opened(files["certificate/office.p12"], false)).toContain(credential.privateKey.trim());
    expect(opened(files["certificate/office-legacy.p12"], true)).toContain(credential.privateKey.trim());
    expect(opened(files["certificate/office.p12"], false, "another")).toBe("");
    expect(files["instructions.html"]).toContain(credential.containerPassword);
    expect(files["router.txt"]).toContain("certificate/office.p12");
  });
  test("a user who is revoked has the page alone, and one whose certificate is not there is an error", () => {
    const revoked = certified({ revoked: true });
    expect([Object.keys(revoked), revoked["instructions.html"].includes("is revoked")]).toEqual([["instructions.html"], true]);
    expect(() => filesOf({ ikev2: { pool: "10.77.2.0/24", certificates: true }, users: [{ name: "alice", authentication: "certificate" }] })).toThrow('no certificate of the user "alice"');
  });
});

describe("a gateway with a certificate of a public CA", () => {
  const acme = { directory: "https://acme-v02.api.letsencrypt.org/directory", termsAgreed: true, root: isrgRootX1 };
  const withAcme: Partial<GatewaySpec> = { endpoint: "vpn.example.com", ikev2: { pool: "10.77.2.0/24", acme } };
  const files = filesOf(withAcme);
  const joined = (text: string) => text.replace(/\s/g, "");
  const body = authority.replace(/-----[^-]+-----|\s/g, "");

  test("no profile holds the stack's authority, and none is there to be installed", () => {
    expect(Object.keys(files)).not.toContain("authority.crt");
    for (const [path, text] of Object.entries(files)) expect([path, joined(text).includes(body)]).toEqual([path, false]);
    expect(files["instructions.html"]).not.toContain("authority.crt");
    // Twin: without it both are there.
    expect(Object.keys(filesOf())).toContain("authority.crt");
    expect(joined(filesOf()["android/office.sswan"])).toContain(body);
    expect(filesOf()["instructions.html"]).toContain("authority.crt");
  });
  test("Windows is given no authority, and IKEv2 needs no administrator", () => {
    expect(readPowerShellVariables(files["windows/office-ikev2.ps1"])).toMatchObject({ Authority: "", Server: "vpn.example.com" });
    expect(files["instructions.html"].match(/Windows asks for an administrator once/g)).toHaveLength(1);
    expect(filesOf()["instructions.html"].match(/Windows asks for an administrator once/g)).toHaveLength(2);
  });
  test("Apple's profile has the connection alone, the app's no certificate", () => {
    expect(mobileconfig(files["apple/office-ikev2.mobileconfig"]).PayloadContent.map(({ PayloadType }) => PayloadType)).toEqual(["com.apple.vpn.managed"]);
    expect((JSON.parse(files["android/office.sswan"]) as { remote: object }).remote).toEqual({ addr: "vpn.example.com", id: "vpn.example.com" });
    expect(files["android/values.txt"]).not.toContain("authority.crt");
    expect(files["router.txt"]).toContain("certificate of a public CA");
  });
  test("swanctl trusts the CA's root and no other, NetworkManager the system", () => {
    expect(files["linux/ikev2/etc/swanctl/x509ca/office.pem"]).toBe(isrgRootX1);
    expect(files["linux/ikev2/etc/swanctl/conf.d/office.conf"]).toContain("cacerts = office.pem");
    expect(readKeyFile(files["linux/networkmanager/office-ikev2.nmconnection"]).vpn).not.toHaveProperty("certificate");
    expect(readKeyFile(filesOf()["linux/networkmanager/office-ikev2.nmconnection"]).vpn).toHaveProperty("certificate");
  });
  test("a user with a certificate of the stack's: Windows is told its issuer, and the container holds it", () => {
    const issuer = authorityOf("office VPN authority");
    const credential = { ...issued(issuer, "alice"), containerPassword: "container" };
    const spec = { ...withAcme, ikev2: { pool: "10.77.2.0/24", acme, certificates: true }, users: [{ name: "alice", authentication: "certificate" as const }] };
    const own = filesOf(spec, "alice", { authority: issuer.certificate, credentials: { alice: credential } });
    expect(readPowerShellVariables(own["windows/office-ikev2.ps1"]).Authority).toBe(issuer.certificate.replace(/-----[^-]+-----|\s/g, ""));
    expect(mobileconfig(own["apple/office-ikev2.mobileconfig"]).PayloadContent.map(({ PayloadType }) => PayloadType)).toEqual(["com.apple.security.pkcs12", "com.apple.vpn.managed"]);
    expect(own["linux/ikev2/etc/swanctl/x509ca/office.pem"]).toBe(isrgRootX1);
    expect(Object.keys(own)).toContain("certificate/office.p12");
  });
});
