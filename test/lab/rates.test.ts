import { readWaiting } from "../../lab/rates";

const replies = (times: number[], sent: number) =>
  times.map((time, index) => `580 bytes from 10.20.0.10: icmp_seq=${index + 1} ttl=63 time=${time} ms\n`).join("") +
  `\n--- 10.20.0.10 ping statistics ---\n${sent} packets transmitted, ${times.length} received, 0% packet loss, time 1ms\n`;

test("round trips as ping tells them", () => {
  const times = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(readWaiting(replies(times, 110))).toEqual({ sent: 110, received: 100, p50: 50, p99: 99 });
});

test("a ping without any answer is no measurement", () => {
  expect(() => readWaiting(replies([], 50))).toThrow("no answer");
});
