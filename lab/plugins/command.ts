/** The lab's stand-in for the `command` provider. */
import { localCommand } from "./commandLocal";
import { remoteCommand } from "./commandRemote";
import { packageVersion } from "./packageVersion";
import { serveProvider, type ResourceTypes } from "./provider";

/** The resource types of @pulumi/command that the stand-in has. */
export const commandTypes: ResourceTypes = {
  "command:local:Command": localCommand,
  "command:remote:Command": remoteCommand,
};

if (require.main === module) {
  void serveProvider("command", packageVersion("command"), commandTypes);
}
