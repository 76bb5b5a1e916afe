import * as pulumi from "@pulumi/pulumi";

/**
 * The value of an input, or undefined where a preview does not know it yet: so that what is known can be judged
 * together, and one unknown value does not put off the judgement of all others until something has been made.
 * Not for values that resources take: it forgets what they depend on.
 */
export async function known<T>(input: pulumi.Input<T> | undefined): Promise<T | undefined> {
  const output = pulumi.output(input) as unknown as { isKnown: Promise<boolean>; promise(): Promise<T | undefined> };
  return (await output.isKnown) ? output.promise() : undefined;
}
