import { contains, network, type Network } from "../../../gateway/addressing";

/** Reads what `renderSiteBgp` writes as FRR does (filter.rst, routemap.rst): the first rule of a list that fits decides, and none refuses. */
export class Frr {
  private readonly lines: string[];
  constructor(text: string) {
    this.lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("!"));
  }

  private listPermits(name: string, route: Network): boolean {
    const rules = this.lines.map((line) => new RegExp(`^ipv?6? prefix-list ${name} seq (\\d+) (permit|deny) (\\S+)(?: le (\\d+))?$`).exec(line)).filter((rule) => rule !== null);
    if (rules.length === 0) throw new Error(`no list ${name}, which permits everything`);
    const family = route.family === 4 ? "ip " : "ipv6 ";
    const hit = rules.filter((rule) => rule.input.startsWith(family)).find(([, , , text, most]) => {
      if (text === "any") return true;
      const whole = network(text);
      return contains(whole, { family: route.family, value: route.first }) && (route.prefix === whole.prefix || (route.prefix > whole.prefix && route.prefix <= Number(most ?? whole.prefix)));
    });
    return hit?.[2] === "permit";
  }

  /** Local preference of a route that is taken in; undefined: refused. */
  takes(connection: string, text: string, path: readonly number[]): number | undefined {
    const route = network(text);
    const maps = this.blocks(`route-map site-${connection}-in${route.family} permit`);
    for (const map of maps) {
      const list = map.map((line) => /^match ip(?:v6)? address prefix-list (\S+)$/.exec(line)?.[1]).find((name) => name !== undefined);
      if (list === undefined || !this.listPermits(list, route)) continue;
      const paths = map.map((line) => /^match as-path (\S+)$/.exec(line)?.[1]).find((name) => name !== undefined);
      if (paths !== undefined && !this.pathPermits(paths, path)) continue;
      return Number(map.map((line) => /^set local-preference (\d+)$/.exec(line)?.[1]).find((value) => value !== undefined));
    }
    return undefined;
  }

  /** Is a route told to the neighbour? */
  tells(connection: string, text: string): boolean {
    const route = network(text);
    return this.blocks(`route-map site-${connection}-out${route.family} permit`).some((map) =>
      map.some((line) => {
        const list = /^match ip(?:v6)? address prefix-list (\S+)$/.exec(line)?.[1];
        return list !== undefined && this.listPermits(list, route);
      }),
    );
  }

  private pathPermits(name: string, path: readonly number[]): boolean {
    const rules = this.lines.map((line) => /^bgp as-path access-list (\S+) seq \d+ permit (\S+)$/.exec(line)).filter((rule) => rule?.[1] === name);
    // `_` is any separator, also the end.
    return rules.some((rule) => new RegExp(rule![2].replaceAll("_", "(?:^|$| )")).test(path.join(" ")));
  }

  private blocks(start: string): string[][] {
    return this.lines.flatMap((line, index) => (line.startsWith(start) ? [this.lines.slice(index + 1, this.lines.indexOf("exit", index))] : []));
  }
}
