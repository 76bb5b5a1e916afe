import { createHash } from "crypto";
import { element, renderHtml, type HtmlNode } from "../formats/html";
import { qrCode, qrCodeDrawing } from "../formats/qrCode";
import { certified, serves, tunnelNetworks, tunnelScope, type ClientAccess } from "./access";
import { containerPath, fileContent } from "./container";
import type { OneTimeCodes } from "../oneTimeCode";
import { ikev2Name, l2tpName } from "./linux";
import { authorityPath, userCertificatePath, userKeyPath } from "./networkManager";
import { routerOsPath } from "./routerOs";
import { pageStyle } from "./pageStyle";
import { connectionName } from "./windows";

/** The other files of the same user, by path. */
type Files = Readonly<Record<string, string>>;

/**
 * One page for one person: what to do on each kind of device, with the files in it and nothing loaded from anywhere.
 *
 * The QR codes hold the password and the pre-shared key, for a phone's own form or the strongSwan app, which no profile
 * brings the password to. They hold no profile: no phone imports one from a code, and one with a certificate in it has
 * over 2,000 bytes, near the most that a code holds, which few cameras read from a screen.
 */
export function renderPage(access: ClientAccess, files: Files): string {
  const { spec } = access;
  const admitted = access.ikev2 !== undefined || access.l2tp !== undefined;
  const sections = !admitted ? [] : [windows(access, files), apple(access, files), android(access, files), linux(access, files), router(access, files)];
  const policy = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(pageStyle).digest("base64")}'; base-uri 'none'; form-action 'none'`;
  return renderHtml(
    "en",
    [
      element("meta", { "http-equiv": "Content-Security-Policy", content: policy }),
      element("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
      element("meta", { name: "referrer", content: "no-referrer" }),
      element("title", {}, `VPN of ${spec.name}`),
    ],
    pageStyle,
    [
      element("h1", {}, `VPN of ${spec.name}`),
      ...(admitted
        ? [
            element("p", { class: "warning" }, "This page is yours alone: it holds your password."),
            ...credentials(access),
            ...reach(access).map((text) => element("p", {}, text)),
            ...twoMachines(access),
            ...ending(access),
          ]
        : [element("p", { class: "warning" }, `The access of ${access.user.name} is ${access.user.revoked === true ? "revoked" : "suspended"}: no device of theirs can connect. Ask whoever runs the VPN.`)]),
      ...sections.filter((section) => section !== undefined),
    ],
  );
}

function credentials({ spec, user, password, codes, ikev2, l2tp }: ClientAccess): HtmlNode[] {
  const credential = certified({ ikev2, l2tp })?.credential;
  const sharedKey = l2tp?.preSharedKey;
  // Who comes by a certificate has a password for L2TP alone.
  const withPassword = credential === undefined || l2tp !== undefined;
  const label = credential === undefined ? "Password" : "Password (L2TP)";
  const row = (label: string, value: string) => [element("dt", {}, label), element("dd", {}, code(value))];
  const drawn = (label: string, value: string) => element("details", {}, element("summary", {}, `${label} as a QR code`), qrCodeDrawing(qrCode(value), `QR code of the ${label.toLowerCase()}`), element("p", {}, "Scan it with your phone's camera and copy the text."));
  return [
    element("dl", {}, ...row("Server", spec.endpoint), ...row("User name", user.name), ...(withPassword ? row(label, password) : []), ...(credential ? row(ofCertificate, credential.containerPassword) : []), ...(sharedKey === undefined ? [] : row("Pre-shared key (L2TP)", sharedKey))),
    ...(codes === undefined ? [] : oneTimeCodes(codes)),
    ...(withPassword ? [drawn(label, password)] : []),
    ...(credential ? [drawn(ofCertificate, credential.containerPassword)] : []),
    ...(sharedKey === undefined ? [] : [drawn("Pre-shared key", sharedKey)]),
  ];
}

/** Both are for the app alone, and once: who has them makes the user's codes. */
function oneTimeCodes({ uri, seed }: OneTimeCodes): HtmlNode[] {
  return [
    element("h2", {}, "The code of the minute"),
    steps(
      ["Once: install an authenticator app on your phone (Google Authenticator, Microsoft Authenticator, FreeOTP, Aegis, a password manager: any that shows six digits, by time), add an account in it, and scan this."],
      ["Each time you connect, type your password and right behind it, without a space, the six digits that the app shows."],
    ),
    element("details", {}, element("summary", {}, "Account for the authenticator app as a QR code"), qrCodeDrawing(qrCode(uri), "QR code of the account for the authenticator app"), element("p", {}, "Or type it in: ", code(seed), " (time-based).")),
    element("p", { class: "warning" }, "Let no device save the password: it would come with an old code. Each code lets in once: for a second device, or by another protocol, wait for the next one. After ten wrong ones nothing lets in for five minutes. The phone's clock must be right."),
  ];
}

const ofCertificate = "Password of the certificate";

/** One sentence, or where the user's two protocols differ one for each. */
function reach(access: ClientAccess): string[] {
  const said = (["ikev2", "l2tp"] as const).filter((protocol) => access[protocol] !== undefined).map((protocol) => {
    const networks = tunnelScope(access, protocol) === "full" ? [] : tunnelNetworks(access, protocol);
    const what = networks.length === 0 ? "everything your device sends goes through the VPN" : `only what is for these networks goes through the VPN: ${networks.join(", ")}`;
    return { protocol, what };
  });
  const same = said.every(({ what }) => what === said[0].what);
  return same ? [`While you are connected, ${said[0].what}.`] : said.map(({ protocol, what }) => `While you are connected by ${protocol === "ikev2" ? "IKEv2" : "L2TP"}, ${what}.`);
}

/** What no file that we write can set: a device that says nothing of it keeps to times of its own. */
function twoMachines({ spec, codes, ikev2 }: ClientAccess): HtmlNode[] {
  if (spec.pair === undefined) return [];
  const has = (kind: ClientAccess["spec"]["clients"][number]) => spec.clients.includes(kind);
  const own = [
    ...(has("linux") && codes === undefined ? ["Linux without NetworkManager is back by itself within seconds."] : []),
    ...(has("apple") && ikev2 !== undefined ? [`iPhone, iPad and Mac notice after a minute or more (IKEv2)${spec.profiles?.onDemand === true && codes === undefined ? " and connect again by themselves" : "; connect again yourself"}.`] : []),
    ...(has("windows") ? ["Windows may take minutes, and holds on to a dead IKEv2 connection for up to its “network outage time” (half an hour, or what the connection's advanced security settings say): disconnect and connect again."] : []),
    ...(has("android") && ikev2 !== undefined ? ["Android's clients have times of their own: if nothing comes through, disconnect and connect again."] : []),
  ];
  return [element("p", {}, "The gateway is two machines. Where one fails the other takes over, and your device has to connect anew. ", own.join(" "))];
}

function ending({ user: { validUntil } }: ClientAccess): HtmlNode[] {
  return validUntil === undefined ? [] : [element("p", {}, "Your access ends at ", code(validUntil), ".")];
}

function windows(access: ClientAccess, files: Files): HtmlNode | undefined {
  const protocols = (["ikev2", "l2tp"] as const).filter((protocol) => serves(access, protocol, "windows"));
  if (protocols.length === 0) return undefined;
  return device("Windows 10 and 11", ...protocols.map((protocol) => {
    const file = `windows/${access.spec.name}-${protocol}.ps1`;
    const script = file.split("/")[1];
    return way(
      protocols,
      protocol,
      steps(
        [download(files, file)],
        ["Open PowerShell (not as an administrator) and run: ", code(`cd ~\\Downloads; powershell -ExecutionPolicy Bypass -File .\\${script}`)],
        ...(protocol === "ikev2"
          ? access.ikev2?.authority !== undefined
            ? [["Windows asks for an administrator once, so that it trusts the gateway."]]
            : byCertificate(access, protocol) ? [["Windows asks for an administrator once, for your certificate."]] : []
          : [["Windows asks for an administrator once. The first time, restart Windows (Restart, not Shut down) when the script says so."]]),
        ...(byCertificate(access, protocol) ? [["The script asks for the password of the certificate (above)."]] : []),
        [`Connect: Settings > Network & internet > VPN > ${connectionName(access, protocol)}.${protocol === "ikev2" && byCertificate(access, protocol) ? "" : access.codes === undefined ? " Enter your user name and password." : " Enter your user name, and your password with the code right behind it, each time."}`],
      ),
      element("p", {}, "To see what is wrong, add ", code("-Check"), "; to take all of it away, ", code("-Remove"), "."),
    );
  }));
}

function apple(access: ClientAccess, files: Files): HtmlNode | undefined {
  const protocols = (["ikev2", "l2tp"] as const).filter((protocol) => serves(access, protocol, "apple"));
  const without = access.spec.clients.includes("apple") && byCertificate(access, "l2tp") ? [element("p", {}, "By L2TP these devices take no certificate.", protocols.length > 0 ? " Use IKEv2." : " Ask whoever runs the VPN for IKEv2.")] : [];
  if (protocols.length === 0 && without.length === 0) return undefined;
  return device("iPhone, iPad and Mac", ...without, ...protocols.map((protocol) =>
    way(
      protocols,
      protocol,
      steps(
        [download(files, `apple/${access.spec.name}-${protocol}.mobileconfig`)],
        ["iPhone and iPad: Settings > Profile Downloaded > Install. If your device does not offer that, have the file itself sent to you by mail or AirDrop and open it."],
        ["Mac: open the file, then System Settings > General > Device Management > Install."],
        ...(access.codes === undefined || byCertificate(access, protocol) ? [] : [["Asked for a password while you install it, leave it empty: with the code behind it, it is asked for each time."]]),
        [access.spec.profiles?.onDemand && protocol === "ikev2" && access.codes === undefined ? "Your device connects by itself." : `Connect: Settings > VPN > ${protocol === "ikev2" ? access.spec.name : `${access.spec.name} L2TP`}.`],
      ),
      protocol === "l2tp" && tunnelScope(access, "l2tp") === "split"
        ? element("p", { class: "warning" }, "By L2TP an iPhone cannot be told which networks go through the VPN; a Mac must be told by hand (route add). Use IKEv2.")
        : element("p", {}, "Installing a newer profile replaces this one."),
    ),
  ));
}

function android(access: ClientAccess, files: Files): HtmlNode | undefined {
  if (!serves(access, "ikev2", "android")) return undefined;
  const hasAuthority = access.ikev2?.authority !== undefined;
  return device(
    "Android",
    element("h3", {}, "With the strongSwan app (preferred)"),
    steps(
      ["Install strongSwan VPN Client from the store."],
      [download(files, `android/${access.spec.name}.sswan`), " and open it with the app, or choose Import VPN profile in it."],
      byCertificate(access, "ikev2")
        ? ["Import the certificate when the app offers it: enter the password of the certificate (above). Then connect."]
        : access.codes === undefined
          ? ["Enter your password, or scan it from another screen (above), and connect."]
          : ["Leave the password empty in the profile, so that the app asks for it each time: type it with the code right behind it."],
    ),
    element("h3", {}, "With Android's own client (11 and newer)"),
    steps(
      ...(hasAuthority ? [[download(files, "authority.crt"), " and install it: Settings > Security > Encryption & credentials > Install a certificate > CA certificate."]] : []),
      ...(byCertificate(access, "ikev2") ? [[download(files, containerPath(access, "legacy")), " and install it the same way, as VPN & app user certificate."]] : []),
      ["Settings > Network & internet > VPN > +, with these values: ", download(files, "android/values.txt")],
    ),
  );
}

function linux(access: ClientAccess, files: Files): HtmlNode | undefined {
  const protocols = (["ikev2", "l2tp"] as const).filter((protocol) => serves(access, protocol, "linux"));
  if (protocols.length === 0) return undefined;
  const { name } = access.spec;
  return device("Linux", ...protocols.map((protocol) => {
    const connection = `linux/networkmanager/${name}-${protocol}.nmconnection`;
    const trusts = access[protocol]?.authority !== undefined;
    const plain = Object.keys(files).filter((file) => file.startsWith(`linux/${protocol}/etc/`));
    const scripts = plain.filter((file) => /\/ip-(up|down)\.d\//.test(file)).map((file) => file.replace(`linux/${protocol}`, ""));
    return way(
      protocols,
      protocol,
      element("h4", {}, "With NetworkManager"),
      steps(
        ["Install ", code(protocol === "ikev2" ? "network-manager-strongswan libcharon-extra-plugins" : "network-manager-l2tp"), "."],
        [download(files, connection), ...(trusts ? [" and ", download(files, "authority.crt")] : [])],
        ...(trusts ? [[code(`sudo install -D -m 644 authority.crt ${authorityPath(access)}`)]] : []),
        ...(byCertificate(access, protocol)
          ? [
              [download(files, `linux/networkmanager/${name}-user.pem`), " and ", download(files, `linux/networkmanager/${name}-user.key`)],
              [code(`sudo install -m 644 ${name}-user.pem ${userCertificatePath(access)} && sudo install -m 600 ${name}-user.key ${userKeyPath(access)}`)],
            ]
          : []),
        [code(`sudo install -m 600 ${name}-${protocol}.nmconnection /etc/NetworkManager/system-connections/ && sudo nmcli connection reload`)],
        [code(`nmcli connection up "${protocol === "ikev2" ? name : `${name} L2TP`}"`)],
      ),
      element("h4", {}, "Without"),
      steps(
        ["Install ", code(`charon-systemd strongswan-swanctl libcharon-extauth-plugins libstrongswan-extra-plugins${protocol === "l2tp" ? " xl2tpd" : ""}`), "."],
        ["These go where their path says: ", element("ul", {}, ...plain.map((file) => element("li", {}, code(file.replace(`linux/${protocol}`, "")), " ", download(files, file, file.replace(`linux/${protocol}/etc/`, "").replace(/\//g, "-")))))],
        ...(scripts.length > 0 ? [[code(`sudo chmod 755 ${scripts.join(" ")}`)]] : []),
        ...(access.spec.pair === undefined ? [] : [[code("sudo swanctl --reload-settings")]]),
        access.codes !== undefined && !byCertificate(access, protocol)
          ? [download(files, `linux/${protocol}/connect.sh`, `${name}-${protocol}-connect.sh`), " asks each time: ", code(`sudo sh ${name}-${protocol}-connect.sh`)]
          : protocol === "ikev2"
          ? [code(`sudo swanctl --load-all && sudo swanctl --initiate --child ${ikev2Name(access)}`)]
          : [code(`sudo swanctl --load-all && sudo swanctl --initiate --child ${l2tpName(access)} && sudo systemctl restart xl2tpd && sudo xl2tpd-control connect-lac ${l2tpName(access)}`)],
      ),
    );
  }));
}

function router(access: ClientAccess, files: Files): HtmlNode {
  const containers = certified(access) !== undefined ? [element("p", {}, "Your certificate with its key: ", download(files, containerPath(access, "modern")), "; for what cannot read that, ", download(files, containerPath(access, "legacy")), ".")] : [];
  const wanting = [...(access.ikev2?.authority === undefined ? [] : ["IKEv2"]), ...(access.l2tp?.authority === undefined ? [] : ["L2TP"])];
  const authority = wanting.length === 0 ? [] : [" It needs ", download(files, "authority.crt"), ` for ${wanting.join(" and ")}.`];
  return device("Router or firewall", element("p", {}, "The values for its form: ", download(files, "router.txt"), ".", ...authority), ...routerOs(access, files), ...openWrt(access, files), ...containers);
}

function routerOs(access: ClientAccess, files: Files): HtmlNode[] {
  const path = routerOsPath(access);
  if (!Object.hasOwn(files, path)) return [];
  const beside = [...(access.ikev2?.authority === undefined ? [] : ["authority.crt"]), ...(byCertificate(access, "ikev2") ? [containerPath(access, "legacy").split("/")[1]] : [])];
  return [
    element("h3", {}, "MikroTik RouterOS 7"),
    steps(
      [download(files, path), ": read it, for it was not run on a router, and put it on yours", ...(beside.length > 0 ? [`, with ${beside.join(" and ")}`] : []), "."],
      [code(`/import file-name=${path.split("/")[1]}`)],
      ["A FastTrack rule passes the tunnel by: give it ", code("connection-mark=no-mark"), "."],
    ),
  ];
}

function openWrt(access: ClientAccess, files: Files): HtmlNode[] {
  const own = Object.keys(files).filter((file) => file.startsWith("openwrt/"));
  if (own.length === 0) return [];
  const scripts = own.filter((file) => file.endsWith("-updown")).map((file) => file.replace("openwrt", ""));
  return [
    element("h3", {}, "OpenWrt"),
    steps(
      ["Install ", code(`strongswan-default strongswan-mod-openssl strongswan-mod-kdf${byCertificate(access, "ikev2") ? " strongswan-mod-pkcs8" : " strongswan-mod-eap-identity strongswan-mod-eap-mschapv2 strongswan-mod-md4"} kmod-crypto-gcm`), "."],
      ["These go where their path says: ", element("ul", {}, ...own.map((file) => element("li", {}, code(file.replace("openwrt", "")), " ", download(files, file, file.replace(/\//g, "-")))))],
      [code(`chmod 755 ${scripts.join(" ")}`)],
      [code("/etc/init.d/swanctl enable && /etc/init.d/swanctl restart"), ". The router connects by itself."],
    ),
  ];
}

/** Does the user come by a certificate? */
function byCertificate(access: ClientAccess, protocol: "ikev2" | "l2tp"): boolean {
  return access[protocol]?.credential !== undefined;
}

function device(title: string, ...children: readonly HtmlNode[]): HtmlNode {
  return element("details", { class: "device" }, element("summary", {}, element("h2", {}, title)), ...children);
}

/** One of a device's two protocols; with a heading where there are two. */
function way(all: readonly string[], protocol: "ikev2" | "l2tp", ...children: readonly HtmlNode[]): HtmlNode {
  const title = protocol === "ikev2" ? "By IKEv2 (preferred)" : "By L2TP";
  return element("section", {}, ...(all.length > 1 ? [element("h3", {}, title)] : []), ...children);
}

function steps(...each: readonly (readonly HtmlNode[])[]): HtmlNode {
  return element("ol", {}, ...each.map((step) => element("li", {}, ...step)));
}

function code(text: string): HtmlNode {
  return element("code", {}, text);
}

const mediaTypes: Readonly<Record<string, string>> = {
  mobileconfig: "application/x-apple-aspen-config",
  sswan: "application/vnd.strongswan.profile",
  crt: "application/x-x509-ca-cert",
  pem: "application/x-x509-ca-cert",
  txt: "text/plain;charset=utf-8",
  p12: "application/x-pkcs12",
};

/** A file of this user within the page itself, to be saved by its own name or another. Nothing where there is no such file. */
function download(files: Files, path: string, name = path.split("/").at(-1)!): HtmlNode {
  if (!Object.hasOwn(files, path)) return "";
  const type = mediaTypes[name.split(".").at(-1)!] ?? "application/octet-stream";
  return element("a", { href: `data:${type};base64,${fileContent(path, files[path]).toString("base64")}`, download: name }, name);
}
