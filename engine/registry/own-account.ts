import { EngineError } from '../core/errors.ts';
import { audit } from '../store/audit.ts';
import { type Acting, type Fault, nameOf, refuseFaults, unknown } from './caller.ts';
import { findOrganisationAccess } from './organisation-access.ts';
import { findPerson, type Person } from './people.ts';
import { endSessionsOf } from './sessions.ts';
import { enrolTotp, removeTotp, type TotpEnrolment, takeTotp } from './totp.ts';
import { storeUserPassword } from './user-passwords.ts';

/** The person who asks, for what people do with their own account. */
export async function self({ tx, caller }: Acting): Promise<Person> {
  const person = caller.kind === 'person' ? await findPerson(tx, caller.id) : undefined;
  if (!person) throw unknown();
  return person;
}

/** A password of the person's own choice, by its hash; every other session of the person ends. */
export async function changeOwnPassword(acting: Acting, hash: string, token: string): Promise<void> {
  const person = await self(acting);
  const access = await findOrganisationAccess(acting.tx, person.enterpriseNumber);
  if (!access?.passwordSignIn) throw new EngineError('state_conflict', 'your organisation has switched passwords off');
  await storeUserPassword(acting.tx, person.id, { hash, kind: 'own', setAt: acting.now });
  await endSessionsOf(acting.tx, person.id, token);
  await tell(acting, person, 'by the person');
}

/** A new secret for one-time codes; it counts once a code of it is confirmed. */
export async function beginTotp(acting: Acting): Promise<TotpEnrolment> {
  const person = await self(acting);
  if (person.hasTotp) throw new EngineError('state_conflict', 'one-time codes are on: switch them off first');
  return enrolTotp(acting.tx, person.id, person.userName);
}

/** One-time codes are asked for from now on. */
export async function confirmTotp(acting: Acting, code: string): Promise<void> {
  const person = await self(acting);
  if (!(await takeTotp(acting.tx, person.id, code, acting.now, true))) refuseFaults([WRONG_CODE]);
  await tell(acting, person, 'one-time codes on');
}

/** One-time codes are asked for no more; needs one. */
export async function endTotp(acting: Acting, code: string): Promise<void> {
  const person = await self(acting);
  if (!person.hasTotp || !(await takeTotp(acting.tx, person.id, code, acting.now))) refuseFaults([WRONG_CODE]);
  await removeTotp(acting.tx, person.id);
  await tell(acting, person, 'one-time codes off');
}

const WRONG_CODE: Fault = {
  field: 'code',
  rule: 'it is not right',
  allowed: 'the six digits that the app shows now, once',
};

async function tell({ tx, caller, now }: Acting, person: Person, outcome: string): Promise<void> {
  const { userName: subject, enterpriseNumber: organisation } = person;
  const facts = { from: caller.from };
  await audit(tx, { at: now, who: nameOf(caller), what: 'password changed', subject, outcome, organisation, facts });
}
