/** Only the fields that were given: what does not use a feature is the same as before there was one. */
export function onlyGiven<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
