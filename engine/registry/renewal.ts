import { isInss } from '../core/identifiers.ts';
import type { Fault } from './caller.ts';
import type { Person } from './people.ts';
import { PASSWORD_RULE, userPasswordFault } from './user-passwords.ts';

/** What goes with a password that must be changed: the person's number, and the new password twice. */
export interface Renewal {
  readonly nationalRegisterNumber: string;
  readonly newPassword: string;
  readonly newPasswordAgain: string;
}

/** The fields of a renewal, as the interface calls them. */
export const RENEWAL_FIELDS: readonly string[] = ['nationalRegisterNumber', 'newPassword', 'newPasswordAgain'];

/** Whether the number is the person's, as far as it is known. */
export function fitsPerson({ inss }: Person, { nationalRegisterNumber }: Renewal): boolean {
  return inss === undefined || inss === nationalRegisterNumber;
}

/** What is wrong with the new password, and with the form of the number. */
export function renewalFaults(renewal: Renewal, { userName }: Person, before: string): Fault[] {
  const { nationalRegisterNumber } = renewal;
  const number = { field: 'nationalRegisterNumber', rule: 'its check digits are wrong', allowed: 'eleven digits' };
  return [...(isInss(nationalRegisterNumber) ? [] : [number]), ...newPasswordFaults(renewal, userName, before)];
}

/** What is wrong with a new password that was given twice; `before` is the one that it replaces, when that is known. */
export function newPasswordFaults(
  { newPassword, newPasswordAgain }: Omit<Renewal, 'nationalRegisterNumber'>,
  userName: string,
  before?: string,
): Fault[] {
  const reason = userPasswordFault(newPassword, userName);
  const same = { field: 'newPassword', rule: 'it is the one that it replaces', allowed: 'another one' };
  const other = { field: 'newPasswordAgain', rule: 'it differs from newPassword', allowed: 'the same text twice' };
  return [
    ...(reason === undefined ? [] : [{ field: 'newPassword', rule: reason, allowed: PASSWORD_RULE }]),
    ...(newPassword === before ? [same] : []),
    ...(newPassword === newPasswordAgain ? [] : [other]),
  ];
}
