import type { Fault } from './caller.ts';
import type { TechnicalContact } from './technical-users.ts';

/** What is wrong with a list that is chosen from those there are; `none` says why there is nothing to choose. */
export function choiceFaults(
  field: string,
  chosen: readonly string[],
  known: readonly string[],
  none = 'none',
): Fault[] {
  const allowed = known.join(', ') || none;
  const strange = chosen
    .filter((one) => !known.includes(one))
    .map(() => ({ field, rule: 'not one of those there are', allowed }));
  const twice =
    new Set(chosen).size < chosen.length ? [{ field, rule: 'one stands twice', allowed: 'each one once' }] : [];
  return [...strange.slice(0, 1), ...twice];
}

const LINE = /^[^\p{Cc}\p{Cf}]{1,100}$/u;
const EMAIL = /^[^\s@\p{Cc}]{1,64}@[^\s@\p{Cc}]{1,180}$/u;
const PHONE = /^\+?[0-9][0-9 ./-]{5,29}$/;

/** What is wrong with a contact person. */
export function contactFaults({ givenName, familyName, email, phone }: TechnicalContact): Fault[] {
  const name = { rule: 'not a name', allowed: 'one line of 1 to 100 characters' };
  return [
    ...(LINE.test(givenName) ? [] : [{ field: 'givenName', ...name }]),
    ...(LINE.test(familyName) ? [] : [{ field: 'familyName', ...name }]),
    ...(EMAIL.test(email) ? [] : [{ field: 'email', rule: 'not an e-mail address', allowed: 'name@example.be' }]),
    ...(phone === undefined || PHONE.test(phone)
      ? []
      : [{ field: 'phone', rule: 'not a number', allowed: '+32 2 511 51 51' }]),
  ];
}

/** What is wrong with the login of a technical user. */
export function loginFaults(login: string, isTaken: boolean): Fault[] {
  const allowed =
    '1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first, that nobody else has';
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(login)) return [{ field: 'login', rule: 'of the wrong form', allowed }];
  return isTaken ? [{ field: 'login', rule: 'it is taken', allowed }] : [];
}
