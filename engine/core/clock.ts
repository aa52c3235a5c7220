/** Where the engine gets the time from; an argument, so that a test can stop it. */
export type Clock = () => Date;

/** The machine's own clock. */
export const systemClock: Clock = () => new Date();
