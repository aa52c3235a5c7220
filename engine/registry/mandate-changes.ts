import { EngineError } from '../core/errors.ts';
import { audit } from '../store/audit.ts';
import type { Db } from '../store/database.ts';
import { insertRows, placesFor, write } from '../store/sql.ts';
import type { ChangedBy } from './changed-by.ts';
import {
  findMandate,
  fromRow,
  type Mandate,
  type Mandatee,
  type MandateRow,
  type RegisteredMandate,
  toRow,
} from './mandates.ts';
import { findOrganisation } from './organisations.ts';
import { qualitiesOf } from './qualities.ts';
import { findSender } from './senders.ts';

/**
 * Registers a mandate, audited. Throws not_found when the organisation has not that quality or the sender is not its own in it, and
 * operation_unsupported when there is one for that employer at the same time.
 */
export async function addMandate(
  tx: Db,
  mandatee: Mandatee,
  mandate: Mandate,
  { by, now }: ChangedBy,
): Promise<RegisteredMandate> {
  await requireMandatee(tx, mandatee);
  const row = toRow(mandatee, mandate);
  const { organisation, quality, sender, employer_kind, employer } = row;
  const others: MandateRow[] = await tx('mandates').where({ organisation, quality, sender, employer_kind, employer });
  const other = others.find(({ begins, ends }) => begins <= row.ends && row.begins <= ends);
  if (other)
    throw new EngineError(
      'operation_unsupported',
      `mandate ${other.id} is for ${employer} from ${other.begins} until ${other.ends}: end it first, or choose other days`,
    );
  const [added] = await tx<MandateRow>('mandates').insert(row).returning('*');
  const registered = fromRow(added!);
  await auditMandate(tx, registered, 'added', { by, now });
  return registered;
}

async function requireMandatee(tx: Db, { organisation, quality, sender }: Mandatee): Promise<void> {
  if (!(await findOrganisation(tx, organisation)))
    throw new EngineError('not_found', `no organisation ${organisation}`);
  if (!(await qualitiesOf(tx, organisation)).includes(quality))
    throw new EngineError(
      'not_found',
      `organisation ${organisation} has no quality ${quality}: \`bode provision\` adds it`,
    );
  if (sender === undefined) return;
  const found = await findSender(tx, sender);
  if (found?.enterpriseNumber !== organisation || found.quality !== quality)
    throw new EngineError('not_found', `sender ${sender} is not one of organisation ${organisation} as ${quality}`);
}

/** Lets a mandate end after a day, or takes it out when it would end before it begins; audited. Throws not_found. */
export async function endMandate(tx: Db, id: number, lastDay: string, changed: ChangedBy): Promise<RegisteredMandate> {
  const before = await findMandate(tx, id);
  if (!before) throw new EngineError('not_found', `no mandate ${id}`);
  const row = toRow(before, before);
  if (lastDay > row.ends)
    throw new EngineError('operation_unsupported', `mandate ${id} ends on ${row.ends}: it cannot be ended later`);
  if (lastDay < row.begins) await tx('mandates').where({ id }).delete();
  else await tx('mandates').where({ id }).update({ ends: lastDay });
  const ended = { ...before, until: lastDay };
  await auditMandate(tx, ended, lastDay < row.begins ? 'removed' : 'ended', changed, before.until);
  return ended;
}

async function auditMandate(
  tx: Db,
  mandate: RegisteredMandate,
  outcome: string,
  { by, now }: ChangedBy,
  before?: string,
): Promise<void> {
  const { id, organisation, quality, sender, employer, from, until, goals } = mandate;
  const facts = {
    quality,
    sender,
    employer: employer.number,
    from,
    until,
    goals,
    ...(before !== undefined && { untilBefore: before }),
  };
  await audit(tx, {
    at: now,
    who: by,
    what: 'mandate changed',
    subject: `mandate ${id} of ${organisation}`,
    outcome,
    facts,
  });
}

/** How many mandates of a list were new, and how many of the register were no longer in it. */
export interface ReplacedMandates {
  readonly added: number;
  readonly removed: number;
}

const BATCH = 100;
const PAGE = 5_000;

/** Makes the mandates that only this sender has equal to a list; one that stays is not touched. For provisioning, which audits. */
export async function replaceMandates(
  tx: Db,
  mandatee: Mandatee & { readonly sender: string },
  wanted: readonly Mandate[],
): Promise<ReplacedMandates> {
  const missing = new Map(wanted.map((mandate) => toRow(mandatee, mandate)).map((row) => [JSON.stringify(row), row]));
  const gone: number[] = [];
  for await (const { id, ...row } of rowsOfSender(tx, mandatee.sender))
    if (!missing.delete(JSON.stringify(row))) gone.push(id);
  for (let at = 0; at < gone.length; at += BATCH) {
    const ids = gone.slice(at, at + BATCH);
    await write(tx, `delete from mandates where id in (${placesFor(ids)})`, ids);
  }
  const added = [...missing.values()];
  for (let at = 0; at < added.length; at += BATCH) await insertRows(tx, 'mandates', added.slice(at, at + BATCH));
  return { added: added.length, removed: gone.length };
}

async function* rowsOfSender(tx: Db, sender: string) {
  for (let last = 0, page: RegisteredMandate[] = []; ; last = page.at(-1)!.id) {
    const rows: MandateRow[] = await tx('mandates').where({ sender }).where('id', '>', last).orderBy('id').limit(PAGE);
    page = rows.map(fromRow);
    for (const mandate of page) yield { id: mandate.id, ...toRow(mandate, mandate) };
    if (page.length < PAGE) return;
  }
}
