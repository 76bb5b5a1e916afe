import * as pulumi from "@pulumi/pulumi";
import { known } from "../../components/known";
import { record } from "./mocks";

test("a value that a preview knows, and undefined for one that it does not", async () => {
  await record(true);
  class Thing extends pulumi.CustomResource {
    declare readonly made: pulumi.Output<string>;
    constructor() {
      super("test:index:Thing", "thing", { made: undefined });
    }
  }
  expect(await known("plain")).toBe("plain");
  expect(await known(pulumi.output({ a: pulumi.output(1) }))).toEqual({ a: 1 });
  expect(await known(undefined)).toBeUndefined();
  expect(await known(new Thing().made)).toBeUndefined();
});
