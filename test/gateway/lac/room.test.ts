import { renderUserData } from "../../../gateway/cloudInit";
import { renderReadableParts } from "../../../gateway/renderBundle";
import type { GatewaySpec } from "../../../gateway/spec";
import { validateSpec } from "../../../gateway/validate";
import { nftChain } from "../nftChain";
import { exampleSpec } from "../specs";

const closed = exampleSpec({ sites: true });
const open: GatewaySpec = { ...closed, lac: true };
const fileOf = (spec: GatewaySpec, name: string) => renderReadableParts(spec)[0].files.find(({ path }) => path.endsWith(name))!.content;

test("a gateway that makes no room has not one other file", () => {
  expect(renderReadableParts({ ...closed, lac: false })).toEqual(renderReadableParts(closed));
});

test("room is what every session needs: packages, the module, the kernel, and a way through the firewall", () => {
  const alone: GatewaySpec = { ...open, l2tp: undefined, ikev2: undefined, users: [] };
  const [base] = renderReadableParts(alone);
  expect(base.packages).toEqual(expect.arrayContaining(["xl2tpd", "ppp"]));
  expect(base.modules).toContain("l2tp_ppp");
  const userData = renderUserData({ spec: alone, hostKey: { privateKey: "k", publicKey: "ssh-ed25519 AAAA" }, authorizedKeys: [] });
  expect(userData).toContain("modprobe -qn l2tp_ppp");
  expect(nftChain(fileOf(alone, "firewall.nft"), "forward")).toEqual(expect.arrayContaining(['iifname "lac-*" accept', 'oifname "lac-*" accept']));
});

test("nobody is let in by it: the gateway dials, and what comes without having been asked for is dropped", () => {
  const input = (spec: GatewaySpec) => nftChain(fileOf(spec, "firewall.nft"), "input");
  expect(input(open)).toEqual(input(closed));
});

test("the gateway's own L2TP server, its marks and its zones are as without it", () => {
  for (const file of ["xl2tpd.conf", "options.vpn-gateway", "conf.d/vpn-gateway.conf", "xl2tpd.service"]) expect([file, fileOf(open, file)]).toEqual([file, fileOf(closed, file)]);
  for (const chain of ["prerouting", "output", "l2tp_clients", "l2tp_answers", "postrouting"]) expect(nftChain(fileOf(open, "firewall.nft"), chain)).toEqual(nftChain(fileOf(closed, "firewall.nft"), chain));
});

test("without a follower nobody would dial", () => {
  expect(validateSpec({ ...open, sites: false }).map(({ path, message }) => `${path}: ${message}`)).toContain("sites.lac: has no follower that would dial");
});
