import type { Clock } from '../core/clock.ts';
import { isInss } from '../core/identifiers.ts';
import { audit } from '../store/audit.ts';
import type { Db } from '../store/database.ts';
import { inTransaction } from '../store/transaction.ts';
import type { Fault } from './caller.ts';
import { createGate } from './gate.ts';
import type { LoginDefence } from './login-defence.ts';
import { scoredLogin } from './login-score.ts';
import { activateAccount, findOrganisationAccess } from './organisation-access.ts';
import { hashPassword, isPassword } from './passwords.ts';
import { findPeopleByInss, findPersonByUserName, type Person, setInss } from './people.ts';
import type { RefusalReason } from './refusals.ts';
import { fitsPerson, RENEWAL_FIELDS, type Renewal, renewalFaults } from './renewal.ts';
import { beginSession, endSessionsOf, type NewSession, type SignInMeans } from './sessions.ts';
import { takeTotp } from './totp.ts';
import { isInTime, storeUserPassword, type UserPassword, userPasswordOf } from './user-passwords.ts';

export interface PasswordSignIn {
  readonly userName: string;
  readonly password: string;
  /** Of the authenticator app, from who has one. */
  readonly code?: string;
  readonly renewal?: Renewal;
  /** Where it comes from. */
  readonly address: string;
}

/** Somebody whose identity a provider has proved. */
export interface ProvedSignIn {
  readonly inss: string;
  readonly provider: string;
  /** Where the person wants to go in; absent: the only organisation there is. */
  readonly enterpriseNumber?: string;
  readonly address: string;
}

export type SignInOutcome =
  | { readonly kind: 'signed in'; readonly session: NewSession; readonly person: Person }
  /** The reason is for the log; whoever tried is told the same whatever it is. */
  | { readonly kind: 'refused'; readonly reason: RefusalReason }
  /** Too many have failed: nothing was judged. */
  | { readonly kind: 'banned' }
  /** What was given is right, and these are wanted besides. */
  | { readonly kind: 'needed'; readonly fields: readonly string[] }
  | { readonly kind: 'faults'; readonly faults: readonly Fault[] }
  /** The person has access to these organisations and must name one. */
  | { readonly kind: 'choose'; readonly enterpriseNumbers: readonly string[] };

export interface SignInDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly defence: LoginDefence;
  readonly sessionLifeMs: number;
}

/** Lets people in, and writes down each of them and each refusal. */
export interface SignIn {
  byPassword(attempt: PasswordSignIn): Promise<SignInOutcome>;
  byProvider(attempt: ProvedSignIn): Promise<SignInOutcome>;
  /** Whether the password is right for somebody who has signed in already; scored and written down like a sign-in. */
  prove(attempt: PasswordSignIn): Promise<'right' | 'wrong' | 'banned'>;
  /** Writes down a sign-in that failed before anybody was recognised. */
  refused(address: string, reason: RefusalReason): Promise<SignInOutcome>;
}

/** The channel's name in logs, metrics and login scores. */
export const ACCESS_CHANNEL = 'access';

const AT_ONCE = 4; // passwords judged at a time: each takes 19 MiB and a thread

/** Recognises people; a user name that does not exist costs as much time as one that does. */
export function createSignIn({ db, clock, defence, sessionLifeMs }: SignInDeps): SignIn {
  const enter = createGate(AT_ONCE);

  async function refuse(reason: RefusalReason, who: Refused): Promise<SignInOutcome> {
    const { address, userName, person } = who;
    await defence.refused(
      { channel: ACCESS_CHANNEL, address, ...(userName !== undefined && { login: userName }) },
      reason,
    );
    await audit(db, {
      ...{ at: clock(), who: person?.id ?? 'nobody', what: 'sign-in refused', outcome: 'refused' },
      subject: userName === undefined ? 'a person' : scoredLogin(userName),
      ...(person && { organisation: person.enterpriseNumber }),
      facts: { from: address, reason },
    });
    return { kind: 'refused', reason };
  }

  async function letIn(tx: Db, person: Person, { means, address, ...facts }: LetIn): Promise<SignInOutcome> {
    const [now, { id, enterpriseNumber: organisation }] = [clock(), person];
    const session = await beginSession(tx, { person: id, means, lifeMs: sessionLifeMs }, now);
    await audit(tx, {
      ...{ at: now, who: id, what: 'signed in', subject: person.userName, outcome: means, organisation },
      facts: { from: address, ...facts },
    });
    const isMain = person.appointments.some(({ role }) => role === 'main-manager');
    if (isMain && (await activateAccount(tx, organisation, now))) {
      const after = { activated: true };
      const what = 'organisation changed';
      await audit(tx, {
        at: now,
        who: id,
        what,
        subject: organisation,
        outcome: 'activated',
        organisation,
        facts: { after },
      });
    }
    return { kind: 'signed in', session, person };
  }

  async function recognise({ userName, password }: PasswordSignIn): Promise<Recognised> {
    const person = await findPersonByUserName(db, userName);
    const stored = person && (await userPasswordOf(db, person.id));
    const right = await isPassword(password, stored?.hash);
    if (!person || !stored || !right) return { person, reason: 'unknown user or password' };
    const organisation = await findOrganisationAccess(db, person.enterpriseNumber);
    if (person.state !== 'active' || organisation?.access !== 'open') {
      return { person, reason: 'person or organisation blocked' };
    }
    if (!organisation.passwordSignIn) return { person, reason: 'password sign-in switched off' };
    if (!isInTime(stored, clock())) return { person, reason: 'temporary password out of time' };
    return { person, stored };
  }

  async function judge(attempt: PasswordSignIn): Promise<SignInOutcome> {
    const { userName, address } = attempt;
    const found = await recognise(attempt);
    if (found.stored === undefined) return refuse(found.reason, { address, userName, person: found.person });
    const { person, stored } = found;
    const fields = neededBesides(person, stored, attempt);
    if (fields.length > 0) return { kind: 'needed', fields };
    const { renewal } = stored.kind === 'temporary' ? attempt : {};
    if (!renewal || fitsPerson(person, renewal)) return takeIn(attempt, person, stored, renewal);
    return refuse('wrong national register number', { address, userName, person });
  }

  async function takeIn(
    attempt: PasswordSignIn,
    person: Person,
    stored: UserPassword,
    renewal: Renewal | undefined,
  ): Promise<SignInOutcome> {
    const faults = renewal ? renewalFaults(renewal, person, attempt.password) : [];
    if (faults.length > 0) return { kind: 'faults', faults };
    const fresh = renewal && (await hashPassword(renewal.newPassword));
    const work = (tx: Db) => finish(tx, { attempt, person, stored, fresh });
    const outcome = await inTransaction(db, work, ({ kind }) => kind === 'signed in');
    return outcome.kind === 'refused' ? refuse(outcome.reason, { ...attempt, person }) : outcome;
  }

  async function finish(tx: Db, { attempt, person, stored, fresh }: Recognition): Promise<SignInOutcome> {
    const now = clock();
    if (person.hasTotp && !(await takeTotp(tx, person.id, attempt.code ?? '', now))) {
      return { kind: 'refused', reason: 'wrong one-time code' };
    }
    if (fresh !== undefined) {
      const next = { hash: fresh, kind: 'own', setAt: now } as const;
      if (!(await storeUserPassword(tx, person.id, next, stored.hash))) {
        return { kind: 'refused', reason: 'unknown user or password' }; // somebody was quicker
      }
      if (!(await setInss(tx, person, attempt.renewal?.nationalRegisterNumber ?? ''))) {
        return { kind: 'refused', reason: 'wrong national register number' };
      }
      await endSessionsOf(tx, person.id);
      await audit(tx, {
        ...{ at: now, who: person.id, what: 'password changed', subject: person.userName, outcome: 'by the person' },
        ...{ organisation: person.enterpriseNumber, facts: { from: attempt.address } },
      });
    }
    return letIn(tx, person, { means: 'password', address: attempt.address, totp: person.hasTotp });
  }

  async function byPassword(attempt: PasswordSignIn): Promise<SignInOutcome> {
    const login = { channel: ACCESS_CHANNEL, address: attempt.address, login: attempt.userName };
    if (!(await defence.mayTry(login))) return { kind: 'banned' };
    const leave = await enter();
    const outcome = await judge(attempt).finally(leave);
    if (outcome.kind === 'signed in') await defence.succeeded(login);
    return outcome;
  }

  async function byProvider({ inss, provider, enterpriseNumber, address }: ProvedSignIn): Promise<SignInOutcome> {
    if (!isInss(inss)) return refuse('identity not proved by the provider', { address });
    const people = (await findPeopleByInss(db, inss)).filter(
      (person) => enterpriseNumber === undefined || person.enterpriseNumber === enterpriseNumber,
    );
    const open: Person[] = [];
    for (const person of people) if (await isOpen(db, person)) open.push(person);
    const [person, ...others] = open;
    if (!person) {
      const reason = people.length > 0 ? 'person or organisation blocked' : 'no account for this person';
      return refuse(reason, { address, ...(people[0] && { person: people[0] }) });
    }
    if (others.length > 0) return { kind: 'choose', enterpriseNumbers: open.map((one) => one.enterpriseNumber) };
    return inTransaction(db, (tx) => letIn(tx, person, { means: 'oidc', address, provider }));
  }

  async function prove(attempt: PasswordSignIn): Promise<'right' | 'wrong' | 'banned'> {
    const { userName, address } = attempt;
    if (!(await defence.mayTry({ channel: ACCESS_CHANNEL, address, login: userName }))) return 'banned';
    const leave = await enter();
    const found = await recognise(attempt).finally(leave);
    if (found.stored !== undefined) return 'right';
    await refuse(found.reason, { address, userName, person: found.person });
    return 'wrong';
  }

  return { byPassword, byProvider, prove, refused: (address, reason) => refuse(reason, { address }) };
}

interface Refused {
  readonly address: string;
  readonly userName?: string;
  readonly person?: Person | undefined;
}

interface LetIn {
  readonly means: SignInMeans;
  readonly address: string;
  readonly totp?: boolean;
  readonly provider?: string;
}

/** A sign-in whose password is right; `fresh` is the hash of the new one. */
interface Recognition {
  readonly attempt: PasswordSignIn;
  readonly person: Person;
  readonly stored: UserPassword;
  readonly fresh: string | undefined;
}

type Recognised =
  | { readonly person: Person; readonly stored: UserPassword; readonly reason?: never }
  | { readonly person: Person | undefined; readonly reason: RefusalReason; readonly stored?: never };

function neededBesides({ hasTotp }: Person, { kind }: UserPassword, { code, renewal }: PasswordSignIn): string[] {
  return [
    ...(kind === 'temporary' && renewal === undefined ? RENEWAL_FIELDS : []),
    ...(hasTotp && code === undefined ? ['code'] : []),
  ];
}

async function isOpen(db: Db, person: Person): Promise<boolean> {
  if (person.state !== 'active') return false;
  return (await findOrganisationAccess(db, person.enterpriseNumber))?.access === 'open';
}
