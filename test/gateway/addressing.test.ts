import { contains, formatAddress, ikev2Clients, isPrivate, l2tpAddresses, network, overlaps, parseAddress, parseNetwork } from "../../gateway/addressing";

test.each(["10.1", "010.0.0.1", "1.2.3.4.5", "256.0.0.1", "0x7f.0.0.1", "", " 10.0.0.1", "fe80::1%eth0", "::ffff:10.0.0.1", "12345"])(
  "%p is no address",
  (text) => expect(parseAddress(text)).toBeUndefined(),
);

test.each(["10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8", "::/129", "10.0/8"])(
  "%p is no network",
  (text) => expect(parseNetwork(text)).toBeUndefined(),
);

test("networks are compared by what they hold", () => {
  expect(overlaps(network("10.0.0.0/8"), network("10.255.0.0/16"))).toBe(true);
  expect(overlaps(network("10.0.0.0/9"), network("10.128.0.0/9"))).toBe(false);
  expect(overlaps(network("0.0.0.0/0"), network("::/0"))).toBe(false);
  expect(contains(network("fd00::/8"), parseAddress("fdff::1")!)).toBe(true);
  expect(network("10.1.2.3/8")).toMatchObject({ text: "10.0.0.0/8", hostBits: true });
  expect(formatAddress(parseAddress("2001:DB8:0::1")!)).toBe("2001:db8::1");
});

test("pools have room for what is left of them", () => {
  expect(l2tpAddresses(network("10.77.1.0/24"))).toEqual({ gateway: "10.77.1.1", first: "10.77.1.2", last: "10.77.1.254", clients: 253 });
  expect(ikev2Clients(network("10.77.2.0/24"))).toBe(254n);
  expect(ikev2Clients(network("10.77.2.0/31"))).toBe(2n);
});

test("private is what the internet does not route", () => {
  for (const text of ["10.0.0.0/8", "172.31.0.0/16", "192.168.1.0/24", "100.100.0.0/16", "fd00::/64"]) expect(isPrivate(network(text))).toBe(true);
  for (const text of ["172.32.0.0/16", "10.0.0.0/7", "203.0.113.0/24", "2001:db8::/32"]) expect(isPrivate(network(text))).toBe(false);
});
