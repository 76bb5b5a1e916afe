/**
 * What `work` gives, or a promise that is rejected with what it throws: for whatever in an `apply` may throw.
 *
 * @pulumi/pulumi attaches V8's debugger to every program (runtime/closure/v8Hooks). At a throw that no `catch` is around,
 * and at a rejection, the debugger asks whether a promise further on has a handler: it follows every path of promises
 * that hang on the one at hand (Isolate::PromiseHasUserDefinedRejectHandler), and each `apply` hangs four on one. With the
 * resources of a single gateway behind it that takes minutes and gigabytes. What is rejected from the event loop, rather
 * than from within a promise, is not asked about.
 */
export function attempt<T>(work: () => T): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return new Promise((_, reject) => setImmediate(() => reject(error as Error)));
  }
}
