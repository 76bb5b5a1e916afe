/** Days for which a certificate holds that a device is given: the longest that Apple's clients accept. */
export const certificateDays = 825;
/** In the last of which it is made anew. */
export const renewalDays = 90;
