/**
 * Every reason for which a channel refuses a connection or a login, and whether it is scored as a failed login. The log
 * and the metrics tell the reason; the client hears the same whatever it is.
 */
export const REFUSALS = {
  'address banned': false,
  'login banned from this address': false,
  'login method not offered': true,
  'unusable key': true,
  'SHA-1 signature': false,
  'unknown login or key': true,
  'wrong signature': true,
  'unknown login or password': true,
  'no such channel for the sender': true, // else who guesses a password would see by the missing ban that it is right
  'not encrypted, and not from a fixed link of the sender': true, // likewise
  'not encrypted, and not from a fixed link': false,
  'not from a fixed link of the channel': false,
  'no PROXY header in time': false,
  'PROXY header not valid': false,
  'no login in time': false,
  'too many connections': false,
  'too many connections that have not logged in': false,
  'gave way to another connection': false,
  'too many connections of the sender': false,
  'no assertion of a sender': true,
  'no certificate in force': true,
  'assertion not valid': true,
  'assertion out of time': false, // a clock that is wrong is no attack
  'assertion for somebody else': true,
  'assertion used before': true,
  'no token': false,
  'token not valid': true,
  'token expired': false,
  'token bound to another certificate': true,
  'token without this scope': false,
  'too many requests': false,
  'store not available': false,
  'unknown user or password': true,
  'person or organisation blocked': true, // likewise
  'password sign-in switched off': true, // likewise
  'temporary password out of time': true, // likewise
  'wrong national register number': true,
  'wrong one-time code': true,
  'sign-in answer not of this browser': true,
  'identity not proved by the provider': true,
  'no account for this person': false, // who proved to be somebody guesses nothing
  'session not of this page': false,
  'session not valid': false, // most are over, and nobody guesses 256 bits
  'no session': false,
} as const satisfies Readonly<Record<string, boolean>>;

export type RefusalReason = keyof typeof REFUSALS;
