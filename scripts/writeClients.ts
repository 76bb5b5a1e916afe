/** What `scripts/clients` runs: the stack's output `clientProfiles`, as files that only their owner reads. */

import { execFileSync } from "child_process";
import * as fs from "fs";
import * as path from "path";
import { fileContent } from "../gateway/clients/container";
import { folderOf, type ProfileFiles } from "../gateway/clients/clientProfiles";

const usage = "usage: scripts/clients [--stack STACK] [--user USER]... DIRECTORY";

interface Wanted {
  stack?: string;
  /** None: all. */
  users: string[];
  directory: string;
}

/** @throws Error with the usage for words that it does not know. */
export function wantedOf(words: readonly string[]): Wanted {
  const users: string[] = [];
  const others: string[] = [];
  let stack: string | undefined;
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === "--stack" || word === "--user") {
      const value = words[++at];
      if (value === undefined) throw new Error(usage);
      if (word === "--user") users.push(value);
      else stack = value;
    } else if (word.startsWith("-")) throw new Error(usage);
    else others.push(word);
  }
  if (others.length !== 1) throw new Error(usage);
  return { stack, users, directory: others[0] };
}

/**
 * Writes a folder for each user, of which nobody else may read anything; a user's earlier folder goes first, so that it
 * holds what is true now and no more. Gives the folders.
 *
 * @throws Error naming the users who are not there, before anything is written.
 */
export function writeProfiles(profiles: Record<string, ProfileFiles>, users: readonly string[], directory: string): string[] {
  const unknown = users.filter((user) => !Object.hasOwn(profiles, user));
  if (unknown.length > 0) throw new Error(`no user ${unknown.map((user) => JSON.stringify(user)).join(", ")}: the stack has ${Object.keys(profiles).map((user) => JSON.stringify(user)).join(", ") || "none"}`);
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  return (users.length > 0 ? users : Object.keys(profiles)).map((user) => {
    const folder = path.join(directory, folderOf(user));
    // The new one is whole before the old one goes.
    const made = fs.mkdtempSync(path.join(directory, ".new-"));
    try {
      for (const [name, content] of Object.entries(profiles[user])) writeOne(made, name, content);
      fs.rmSync(folder, { recursive: true, force: true });
      fs.renameSync(made, folder);
    } finally {
      fs.rmSync(made, { recursive: true, force: true });
    }
    return folder;
  });
}

function writeOne(folder: string, name: string, content: string): void {
  // The paths are the library's own; but whoever may write the stack's state must not write elsewhere by it.
  const parts = name.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..")) throw new Error(`no path within a folder: ${JSON.stringify(name)}`);
  const target = path.join(folder, ...parts);
  fs.mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 });
  fs.writeFileSync(target, fileContent(name, content), { mode: 0o600, flag: "wx" });
}

function main(words: readonly string[]): void {
  const { stack, users, directory } = wantedOf(words);
  const options = ["stack", "output", "clientProfiles", "--json", "--show-secrets", ...(stack === undefined ? [] : ["--stack", stack])];
  const text = execFileSync("pulumi", options, { encoding: "utf8", maxBuffer: 1 << 30, stdio: ["ignore", "pipe", "inherit"] });
  for (const folder of writeProfiles(JSON.parse(text) as Record<string, ProfileFiles>, users, directory)) console.log(folder);
}

if (require.main === module) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    // Pulumi has said by itself what it could not do.
    console.error((error as Error).message.split("\n")[0]);
    process.exitCode = 1;
  }
}
