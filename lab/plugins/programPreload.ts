/**
 * Loaded into a program before it starts. Node 20 does not end (until memory for
 * a string runs out, a minute or more) when it colours a stack line of a scoped
 * package that names no folder, `node_modules/@pulumi/resource.ts`; the source maps
 * of @pulumi/pulumi make such lines, and its runner colours every error. So errors
 * are printed without colours.
 */
import util from "node:util";

util.inspect = new Proxy(util.inspect, {
  apply(inspect, self, [value, options, ...rest]: [unknown, unknown?, ...unknown[]]) {
    const plain = value instanceof Error && options !== null && typeof options === "object";
    return Reflect.apply(inspect, self, [value, plain ? { ...options, colors: false } : options, ...rest]) as string;
  },
});
