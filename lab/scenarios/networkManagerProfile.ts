import * as fs from "node:fs";
import * as path from "node:path";
import { labAddresses } from "../networks";
import type { Connected } from "../world";
import { write } from "./clientProfiles";
import type { Lab } from "./lab";
import type { Scenario } from "./scenario";

const client = 1;

interface Connection {
  client: number;
  /** Text of the connection, and the connection's own `id`. */
  file: string;
  id: string;
  /** What goes beside it: text by absolute path under /etc/NetworkManager. */
  files: Record<string, string>;
}

/** Begins a new NetworkManager with this connection alone; `log` is what it and its plugins said. */
const connect = (lab: Lab, connection: Connection) => lab.world.call<Connected & { log: string; beforehand: boolean }>(["networkmanager", "connect"], connection, 420);
const stop = (lab: Lab) => lab.world.call(["networkmanager", "stop"], { client });

/** A user's connection and the authority beside it, where their page says that it goes. */
function connectionOf(folder: string, protocol: "ikev2" | "l2tp"): Connection {
  const text = (file: string) => fs.readFileSync(path.join(folder, file), "utf8");
  const file = text(`linux/networkmanager/gateway-${protocol}.nmconnection`);
  return { client, file, id: protocol === "l2tp" ? "gateway L2TP" : "gateway", files: protocol === "l2tp" ? {} : { "/etc/NetworkManager/certificates/gateway.pem": text("authority.crt") } };
}

export const networkManagerProfiles: Scenario[] = [
  {
    name: "networkmanager-profile",
    shows: "the .nmconnection files that scripts/clients writes connect as they are, by Debian's NetworkManager with its strongSwan and L2TP plugins",
    twin: "without them nothing inside is reached; with another password or pre-shared key, or with another's authority, they are refused",
    seconds: 300,
    async run(lab, { check, figure }) {
      const folder = write(lab, ["--user", "alice"]);
      try {
        await lab.world.call(["networkmanager", "install"], {}, 1200);
        check("without a tunnel nothing inside is reached", (await lab.world.ping(client, labAddresses.insideHost, { count: 2 })).received === 0);
        for (const protocol of ["ikev2", "l2tp"] as const) {
          const connection = connectionOf(path.join(folder, "alice"), protocol);
          const { connected, seconds, reason, address, mtu, beforehand } = await connect(lab, connection);
          check(`${protocol}: alice's file connects`, connected, `${reason}, ${seconds} s`);
          if (beforehand) figure(`${protocol}: the plugin was started beforehand, for NetworkManager waits 5 s for it and this machine needs more`);
          if (!connected) continue;
          const sessions = await lab.gateway.run("vpn-gateway sessions");
          check(`${protocol}: the gateway has a session of hers`, /\balice\b/.test(sessions.stdout), sessions.stdout);
          for (const target of [labAddresses.insideHost, labAddresses.internetHost]) {
            const { sent, received } = await lab.world.ping(client, target);
            check(`${protocol}: she reaches ${target}`, received === sent && sent > 0, `${received} of ${sent}`);
          }
          const route = (await lab.world.run(`c${client}`, `ip route get ${labAddresses.internetHost}; ip xfrm policy`)).stdout;
          check(`${protocol}: her way to the internet is the tunnel`, protocol === "l2tp" ? /^203.*dev ppp/m.test(route) : / nm-xfrm|dst 0\.0\.0\.0\/0/.test(route), route);
          figure(`${protocol}: ${seconds} s, address ${address}${mtu === null ? "" : `, MTU ${mtu}`}`);
        }

        const twins: [string, "ikev2" | "l2tp", RegExp, string][] = [
          ["another password", "ikev2", /^password=.*/m, "password=another one"],
          ["another password", "l2tp", /^password=.*/m, "password=another one"],
          ["another pre-shared key", "l2tp", /^ipsec-psk=.*/m, "ipsec-psk=not the right key at all"],
        ];
        for (const [what, protocol, from, to] of twins) {
          const connection = connectionOf(path.join(folder, "alice"), protocol);
          const file = connection.file.replace(from, to);
          if (file === connection.file) throw new Error(`nothing to change for ${what}`);
          const { connected, reason, log } = await connect(lab, { ...connection, file });
          check(`twin: ${protocol} with ${what} is refused`, !connected, reason);
          if (what === "another password") check("and by its password", /EAP_FAILURE|EAP method .* failed|E=691|authentication failed|failure: login-failed/i.test(log), log.slice(-300));
        }
        const connection = connectionOf(path.join(folder, "alice"), "ikev2");
        const stranger = Object.fromEntries(Object.keys(connection.files).map((file) => [file, lab.strangersAuthority]));
        const { connected, reason } = await connect(lab, { ...connection, files: stranger });
        check("twin: ikev2 with another's authority is refused", !connected, reason);

        await stop(lab);
        check("ended, nothing inside is reached, and the client has its own network", (await lab.world.ping(client, labAddresses.insideHost, { count: 2 })).received === 0 && (await lab.world.run(`c${client}`, "ping -c 2 -W 3 10.9.0.1")).code === 0);
      } finally {
        await stop(lab);
        fs.rmSync(folder, { recursive: true, force: true });
      }
    },
  },
];
