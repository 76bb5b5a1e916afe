// Previews gateways on mocks in a process of its own, since an Output that rejects does so on several promises, each of
// which would fail a test; all of a test file's in one process, since loading takes longer than they do. Prints what was
// said of each and what it registered. Usage: node preview.js CLOUD COMPONENT '[{…args…}, …]'
require("../typescript.js");
const { putMocks, registered, settled } = require("./mocks.ts");

const [cloud, component, list] = process.argv.slice(2);
const components = require(`../../${cloud}.ts`);
const { args, calls } = require(`./${cloud}/helpers.ts`);
const waiting = JSON.parse(list);
const found = [];
let message, warned;
console.warn = (text) => { warned += text; };
process.on("unhandledRejection", (error) => { message = error.message; });
function next() {
  message = "taken";
  warned = "";
  putMocks(true, calls);
  new components[component]("office", { ...args, ...waiting.shift() });
  settled().catch(() => undefined);
}
// Nothing is left to happen: the one is through.
process.on("beforeExit", () => {
  found.push({ message, warned, registered: registered.map(({ name }) => name) });
  // By way of the event loop, which ends the process where only promises are left.
  if (waiting.length > 0) return setImmediate(next);
  require("fs").writeSync(1, JSON.stringify(found));
  // Not `exit`: Pulumi counts promises there, and those that wait for what was refused are still waiting.
  process.reallyExit(0);
});
next();
