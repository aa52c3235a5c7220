import { silentLogger } from '../../engine/core/logger.ts';
import { noTelemetry } from '../../engine/core/telemetry.ts';
import { type Acting, type Caller, carryOut } from '../../engine/registry/caller.ts';
import { createLoginDefence } from '../../engine/registry/login-defence.ts';
import { setQualityState } from '../../engine/registry/organisation-access.ts';
import { completeMainManager } from '../../engine/registry/organisation-acts.ts';
import { saveOrganisation } from '../../engine/registry/organisations.ts';
import { hashPassword } from '../../engine/registry/passwords.ts';
import type { Person } from '../../engine/registry/people.ts';
import { createPerson, type PersonRequest } from '../../engine/registry/people-acts.ts';
import type { Appointment } from '../../engine/registry/permissions.ts';
import { createSignIn, type SignIn } from '../../engine/registry/sign-in.ts';
import type { Db } from '../../engine/store/database.ts';
import { openTestStore, type StoreKind } from './database.ts';

/** The organisation that the tests of access are about. */
export const ENTERPRISE = '0206731645';
export const OTHER_ENTERPRISE = '0403019261';

/** People who do not exist; the check digits are right. */
export const INSS = { main: '85073003328', manager: '93051822361', user: '17073003384', other: '00012556777' } as const;

export const TEMPORARY = 'voorlopig 4711!';
export const OWN = 'lang genoeg 42 en eigen';

/** Two organisations with the quality employer, a clock that is set by hand, and who acts. */
export interface AccessCase {
  readonly db: Db;
  readonly signIn: SignIn;
  now: Date;
  as(caller: Caller): <T>(work: (acting: Acting) => Promise<T>) => Promise<T>;
  /** A person made by the operator or, with `by`, by somebody else. */
  person(appointment: Appointment, with_?: Partial<PersonRequest>, by?: Caller): Promise<Person>;
  audited(): Promise<
    { what: string; who: string; subject: string; outcome: string; facts: string; organisation: string | null }[]
  >;
  close(): Promise<void>;
}

export const OPERATOR: Caller = { kind: 'operator', name: 'root', from: 'command line' };
export const by = (person: Person, from = '192.0.2.7'): Caller => ({ kind: 'person', id: person.id, from });

/** Opens it on an empty store. */
export async function openAccessCase(
  kind: StoreKind = 'sqlite',
  start = '2026-03-01T09:00:00.000Z',
): Promise<AccessCase> {
  const { db, close } = await openTestStore(kind);
  for (const enterpriseNumber of [ENTERPRISE, OTHER_ENTERPRISE]) {
    await saveOrganisation(db, {
      enterpriseNumber,
      names: { nl: 'Voorbeeld NV' },
      language: 'nl',
      mailboxType: 'enterprise',
    });
    await setQualityState(db, enterpriseNumber, 'employer', 'active');
  }
  const clock = () => self.now;
  const policy = { perAddress: 30, perAddressAndLogin: 3, perLogin: 300, halfLifeMs: 600_000 };
  const defence = createLoginDefence({ db, clock, log: silentLogger(), telemetry: noTelemetry, policy });
  const passwordHash = await hashPassword(TEMPORARY);
  const self: AccessCase = {
    db,
    now: new Date(start),
    signIn: createSignIn({ db, clock, defence, sessionLifeMs: 3_600_000 }),
    as: (caller) => (work) =>
      carryOut(db, { caller, now: self.now }, { enterpriseNumber: ENTERPRISE, act: 'test', subject: ENTERPRISE }, work),
    person: (appointment, with_ = {}, caller = OPERATOR) =>
      self.as(caller)(async (acting) => {
        const names = { givenName: 'Els', familyName: 'Peeters', passwordHash };
        const person = await createPerson(acting, ENTERPRISE, { ...names, appointment, ...with_ });
        if (appointment.role === 'main-manager') await completeMainManager(acting, person.id, ENTERPRISE);
        return person;
      }),
    audited: async () => db('audit').select('what', 'who', 'subject', 'outcome', 'facts', 'organisation').orderBy('id'),
    close,
  };
  return self;
}
