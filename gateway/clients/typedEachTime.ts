/** What stands in a list of values where others have their password. */
export const typedEachTime = "leave it empty and save none: at each connection type your password with the code of the minute right behind it";
