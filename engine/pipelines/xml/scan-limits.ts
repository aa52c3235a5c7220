/**
 * Most bytes of a start tag, and of all the longer ones that are open at once: every window repeats those. The root's
 * takes some 150 bytes, and no element of the declarations below it has an attribute.
 */
export const MAX_TAG_BYTES = 64 * 1024;
/** Most attributes of a start tag: a parser compares each with the others and a validator complains of each. */
export const MAX_ATTRIBUTES = 128;
/** A start tag that is longer than this counts among the longer ones. */
export const LONG_TAG_BYTES = 256;
/**
 * Most elements, attributes, comments and instructions of a window: each costs the parser a few hundred bytes. A window
 * of 256 KiB of a real declaration holds about 9,000.
 */
export const MAX_NODES = 64 * 1024;
