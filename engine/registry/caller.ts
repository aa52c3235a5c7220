import { EngineError } from '../core/errors.ts';
import { audit } from '../store/audit.ts';
import type { Db } from '../store/database.ts';
import { change } from '../store/sql.ts';
import { inTransaction } from '../store/transaction.ts';
import { findPerson } from './people.ts';
import type { Actor, Answer } from './permissions.ts';

/** Who asks, and from where: an operator at the command line, or a person who has signed in. */
export type Caller =
  | { readonly kind: 'operator'; readonly name: string; readonly from: string }
  | { readonly kind: 'person'; readonly id: string; readonly from: string };

/** What an act gets: its transaction, who acts with the roles of this very moment, and when. */
export interface Acting {
  readonly tx: Db;
  readonly actor: Actor;
  readonly caller: Caller;
  readonly now: Date;
}

/** One value that cannot be taken: which, the rule that it breaks, and what is allowed. */
export interface Fault {
  readonly field: string;
  readonly rule: string;
  readonly allowed: string;
}

/** What is wanted of which organisation, for the audit of refusals. */
export interface Wanted {
  readonly enterpriseNumber: string;
  readonly act: string;
  readonly subject: string;
}

/**
 * Carries an act out in one transaction that has the organisation to itself, so that nothing is half changed and two
 * acts cannot both be the last. A refusal rolls everything back and is audited by itself.
 */
export async function carryOut<T>(
  db: Db,
  { caller, now }: Pick<Acting, 'caller' | 'now'>,
  wanted: Wanted,
  work: (acting: Acting) => Promise<T>,
): Promise<T> {
  return auditingRefusals(db, { caller, now }, wanted, () =>
    inTransaction(db, async (tx) => {
      const actor = await actorOf(tx, caller);
      if (!(await lockOrganisation(tx, wanted.enterpriseNumber))) throw unknown();
      return work({ tx, actor, caller, now });
    }),
  );
}

/** Looks at something, without a transaction; a refusal is audited. */
export async function lookAt<T>(
  db: Db,
  { caller, now }: Pick<Acting, 'caller' | 'now'>,
  wanted: Wanted,
  work: (acting: Acting) => Promise<T>,
): Promise<T> {
  return auditingRefusals(db, { caller, now }, wanted, async () =>
    work({ tx: db, actor: await actorOf(db, caller), caller, now }),
  );
}

/** Goes on only when the answer is yes: throws not_found for who may not know, access_denied for who may not do. */
export function require(answer: Answer, what: string): void {
  if (answer === 'unknown') throw unknown();
  if (answer === 'forbidden') throw new EngineError('access_denied', `none of your roles allows this: ${what}`);
}

/** What a thing that is not there and one that the caller may not know of are answered with. */
export function unknown(): EngineError {
  return new EngineError('not_found', 'there is no such thing, for you');
}

/** Throws input_invalid with all faults; does nothing when there are none. */
export function refuseFaults(faults: readonly Fault[]): void {
  if (faults.length === 0) return;
  const text = faults.map(({ field, rule, allowed }) => `${field}: ${rule}; allowed: ${allowed}`).join('\n');
  throw new EngineError('input_invalid', text, { faults });
}

/** Who it is, in the audit. */
export function nameOf(caller: Caller): string {
  return caller.kind === 'operator' ? caller.name : caller.id;
}

async function auditingRefusals<T>(
  db: Db,
  { caller, now }: Pick<Acting, 'caller' | 'now'>,
  { enterpriseNumber, act, subject }: Wanted,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof EngineError) || !(error.code === 'not_found' || error.code === 'access_denied')) throw error;
    const own = caller.kind === 'person' ? await findPerson(db, caller.id) : undefined;
    const facts = { from: caller.from, act, of: enterpriseNumber };
    const whose = own && { organisation: own.enterpriseNumber };
    await audit(db, {
      ...whose,
      at: now,
      who: nameOf(caller),
      what: 'access refused',
      subject,
      outcome: error.code,
      facts,
    });
    throw error;
  }
}

async function actorOf(db: Db, caller: Caller): Promise<Actor> {
  if (caller.kind === 'operator') return { kind: 'operator', name: caller.name };
  const person = await findPerson(db, caller.id);
  if (person?.state !== 'active') throw unknown(); // blocked since the request came in
  const { id, enterpriseNumber, appointments } = person;
  return { kind: 'person', id, enterpriseNumber, appointments };
}

/** One act at a time on an organisation, provisioning included; false when there is none. */
async function lockOrganisation(tx: Db, enterpriseNumber: string): Promise<boolean> {
  const sql = 'update organisations set access = access where enterprise_number = ?';
  return (await change(tx, sql, [enterpriseNumber])) === 1;
}
