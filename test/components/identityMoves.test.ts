import type { GatewayIdentity } from "../../gateway/identity";
import * as aws from "./aws/helpers";
import * as azure from "./azure/helpers";
import * as gcp from "./gcp/helpers";
import { ofType, textOf, valueOf } from "./mocks";

const identity: GatewayIdentity = { preSharedKey: "the-key-on-every-device", passwords: { alice: "what-alice-types-since-ever", bob: "what-bob-types-since-ever" } };
const access = { users: [{ name: "alice" }, { name: "bob" }], l2tp: { enabled: true } };

describe.each(Object.entries({ AWS: aws.made, "Google Cloud": gcp.made, Azure: azure.made }))("a gateway at %s", (_, made) => {
  test("is the one that enrolled devices know where it is given the identity; the twin without it is another", async () => {
    const heir = await made({ ...access, identity });
    expect(await valueOf(heir.clientSettings)).toMatchObject(identity);
    expect(await valueOf(heir.identity)).toMatchObject(identity);
    expect(textOf(ofType("command:remote:Command").get("office-identity")!.stdin)).toContain(Buffer.from(identity.preSharedKey!).toString("base64"));
    const { preSharedKey, passwords } = await valueOf((await made(access)).clientSettings);
    expect(preSharedKey).not.toBe(identity.preSharedKey);
    expect(Object.values(passwords).filter((password) => Object.values(identity.passwords!).includes(password))).toEqual([]);
  });
});
