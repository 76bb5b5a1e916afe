import { added, block, call, pair, removed, template, type RadiusdEntry } from "../formats/radiusd";
import { asksCodes, codeDigits, codeSeconds, wrongCodes } from "../oneTimeCode";
import type { GatewaySpec } from "../spec";

/**
 * One-time codes in FreeRADIUS' own language (unlang(5)). MS-CHAPv2 proves one text alone, bare by L2TP and within EAP by
 * IKEv2: the password with the code of the minute behind it. So FreeRADIUS makes that text for the steps that hold, and
 * the section that both protocols prove themselves in tries one after the other.
 *
 * Of a user with codes the file of users has the seed (TOTP-Key) and the password, as UTF-16LE, of which MS-CHAPv2's hash is
 * made: in hexadecimal, so that nothing in it is ever read as anything else.
 */
const key = "control:TOTP-Key";
const password = "control:Tmp-Octets-0";
/** Which step is tried (RFC 6238, 4.2: T), and by which one the user came; none: by no step so far. */
const step = "control:Tmp-Integer-0";
const found = "control:Tmp-Integer-1";
/** Steps to be tried. */
const steps = "control:Tmp-Integer-2";

/** Steps to both sides that hold beside this one: who types slowly, and a clock that is a little off. */
const around = [0, -1, 1];
/** Those that do not, and that tell a clock that is off from a wrong code: for the log alone. */
const beyond = [-2, 2, -3, 3, -4, 4, -5, 5, -6, 6, -7, 7, -8, 8, -9, 9, -10, 10];

/** What the log says of a log-in that was refused; host/vpn_gateway/radius_symptoms.py reads it. */
const words = {
  wrong: "one-time code: wrong password or code",
  missing: "one-time code: the password alone",
  used: "one-time code: used already",
  tooMany: "one-time code: too many wrong ones",
} as const;

/** Modules: who tried how often, and which codes were used. Both are forgotten when FreeRADIUS starts anew, not when it reads users anew. */
export function oneTimeCodeModules(spec: GatewaySpec): RadiusdEntry[] {
  if (!asksCodes(spec)) return [];
  const remembers = (name: string, of: string, seconds: number, why: string) =>
    block(`cache ${name}`, [pair("driver", "rlm_cache_rbtree"), template("key", of), pair("ttl", seconds), pair("add_stats", true), block("update", [pair("&control:Tmp-Integer-9", 1)])], why);
  return [
    block("unpack", []),
    remembers("attempts", "%{sha256:&User-Name}", wrongCodes.seconds, "Log-ins of a user since the last one that was right."),
    // Of its 90 s a code has some left.
    remembers("used_codes", `%{${found}}-%{sha256:&User-Name}`, codeSeconds * (around.length + 1), "Each code once."),
  ];
}

/** What has a name of its own, for it is done for each step. */
export function oneTimeCodePolicies(spec: GatewaySpec): RadiusdEntry[] {
  return asksCodes(spec) ? [block("policy", [block("try_step", tryStep()), block("try_steps", trySteps())])] : [];
}

/** In place of `mschap` alone where both protocols prove a password. */
export function provePassword(spec: GatewaySpec): RadiusdEntry[] {
  if (!asksCodes(spec)) return [call("mschap")];
  return [
    block(`if (&${key})`, [
      ...counted("attempts"),
      block(`if (&Cache-Entry-Hits < ${wrongCodes.most})`, [
        ...theseSteps(around),
        call("try_steps"),
        block(`if (&${found})`, [
          ...counted("used_codes"),
          block("if (&Cache-Entry-Hits == 0)", [block("update control", [pair("&Cache-TTL", 0, "It goes.")]), block("attempts", goesOn), call("ok")]),
          block("else", refused(words.used)),
        ]),
        block("else", [
          block("update control", [template("&NT-Password", `0x%{md4:&${password}}`)]),
          ...proof(),
          block("if (ok)", refused(words.missing)),
          block("else", [
            ...theseSteps(beyond),
            call("try_steps"),
            block(`if (&${found})`, refused(`one-time code: off by %{expr:(%{${found}} - %l / ${codeSeconds}) * ${codeSeconds}} seconds`)),
            block("else", refused(words.wrong)),
          ]),
        ]),
      ]),
      block("else", refused(words.tooMany)),
    ]),
    block("else", [call("mschap")]),
  ];
}

const attribute = (name: string) => `&${name.replace("control:", "")}`;
/** Whatever a module says, what comes next is done. */
const goesOn = ["ok", "updated", "noop", "fail", "reject"].map((code) => pair(code, 1));

/** How often it was there before. Where that cannot be told there is no number, and nobody comes in. */
function counted(cache: string): RadiusdEntry[] {
  return [block("update request", [removed("&Cache-Entry-Hits")]), block(cache, goesOn)];
}

function theseSteps(offsets: number[]): RadiusdEntry[] {
  const at = (offset: number) => `%{expr:%l / ${codeSeconds}${offset === 0 ? "" : ` ${offset < 0 ? "-" : "+"} ${Math.abs(offset)}`}}`;
  return [block("update control", [removed(attribute(found)), removed(attribute(steps)), ...offsets.map((offset) => added(attribute(steps), at(offset)))])];
}

function trySteps(): RadiusdEntry[] {
  return [block(`foreach &${steps}`, [block("update control", [template(attribute(step), "%{Foreach-Variable-0}")]), call("try_step"), block(`if (&${found})`, [call("break")])])];
}

/** RFC 4226, 5.3: the code of a step; and RFC 2759, 8.3: the hash of the password with it behind. */
function tryStep(): RadiusdEntry[] {
  const set = (name: string, value: string, why?: string) => block("update control", [template(`&${name}`, value)], why);
  const digits = Array.from({ length: codeDigits }, (_, index) => index + 1);
  return [
    set("Tmp-Octets-1", `0x00000000%{hex:&${step}}`),
    set("Tmp-Octets-2", `0x%{hmacsha1:&control:Tmp-Octets-1 &${key}}`),
    set("Tmp-Integer-3", "%{expr:%{unpack:&control:Tmp-Octets-2 19 byte} & 15}"),
    set("Tmp-Integer-4", `%{expr:(%{unpack:&control:Tmp-Octets-2 %{control:Tmp-Integer-3} integer} & 2147483647) %% ${10 ** codeDigits}}`),
    set("Tmp-String-1", `%{lpad:&control:Tmp-Integer-4 ${codeDigits} 0}`),
    block(`if (&control:Tmp-String-1 =~ /^${"(.)".repeat(codeDigits)}/)`, [set("Tmp-Octets-3", `%{${password}}${digits.map((digit) => `3%{${digit}}00`).join("")}`)]),
    set("NT-Password", "0x%{md4:&control:Tmp-Octets-3}"),
    ...proof(),
    block("if (ok)", [set(attribute(found).slice(1), `%{${step}}`)]),
  ];
}

/** Only the last word of several is told. */
function proof(): RadiusdEntry[] {
  return [block("update reply", [removed("&MS-CHAP-Error")]), block("mschap", goesOn)];
}

function refused(why: string): RadiusdEntry[] {
  return [block("update request", [template("&Module-Failure-Message", why)]), call("reject")];
}
