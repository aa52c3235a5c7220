import type { Db } from '../store/database.ts';
import { addRowOnce, change, findRow, rowsOf, write } from '../store/sql.ts';

/** A record that stays open until it is answered. */
export interface OpenRecord {
  readonly id: number;
  readonly authority: string;
  readonly closedAt: Date | null;
}

/** An answer to a record. */
export interface Answer {
  readonly code: string;
  readonly remark: string;
  readonly ticket: string;
  readonly formIndex: number;
  readonly line: number;
}

/**
 * What becomes of an answer: it closes its record; it is noted, and the record stays open; it says what was said last;
 * it comes after the record was closed and says something else: it is kept, and the record stays closed.
 */
export type AnswerOutcome = 'closed' | 'noted' | 'repeated' | 'contradicted';

/** The record of a source that answers call by this reference; undefined when there is none. */
export async function findByReference(db: Db, source: string, reference: string): Promise<OpenRecord | undefined> {
  const row = await findRow<{ id: string | number; authority: string; closed_at: string | null }>(db, 'records', {
    source,
    reference,
  });
  return (
    row && { id: Number(row.id), authority: row.authority, closedAt: row.closed_at ? new Date(row.closed_at) : null }
  );
}

/**
 * Takes an answer down, in the caller's transaction; a code that closes does so once, however many answers come at the
 * same time. Undefined when this very answer was taken down before.
 */
export async function takeAnswer(
  tx: Db,
  record: OpenRecord,
  answer: Answer,
  { closes, at }: { readonly closes: boolean; readonly at: Date },
): Promise<AnswerOutcome | undefined> {
  const { id } = record;
  // first, so that whoever answers the same record at the same moment waits here
  const closed = closes && (await closeRecord(tx, id, at));
  if (!closed) await write(tx, 'update records set closed_at = closed_at where id = ?', [id]);
  const outcome = closed ? 'closed' : await outcomeOf(tx, id, answer.code);
  const { code, remark, ticket, formIndex: form_index, line } = answer;
  const row = { record_id: id, code, remark, outcome, at: at.toISOString(), ticket, form_index, line };
  return (await addRowOnce(tx, 'record_answers', row)) ? outcome : undefined;
}

/** Closes a record that was open; false when it was closed already, or is not there. */
export async function closeRecord(tx: Db, id: number, at: Date): Promise<boolean> {
  const sql = 'update records set closed_at = ? where id = ? and closed_at is null';
  return (await change(tx, sql, [at.toISOString(), id])) === 1;
}

async function outcomeOf(tx: Db, id: number, code: string): Promise<AnswerOutcome> {
  const last = 'select code from record_answers where record_id = ? order by id desc limit 1';
  const [before] = await rowsOf<{ code: string }>(tx, last, [id]);
  if (before?.code === code) return 'repeated';
  const [record] = await rowsOf<{ closed_at: string | null }>(tx, 'select closed_at from records where id = ?', [id]);
  return record?.closed_at ? 'contradicted' : 'noted';
}

/** One answer in a record's history. */
export interface PastAnswer {
  readonly at: string;
  readonly code: string;
  readonly remark: string;
  readonly outcome: AnswerOutcome;
  readonly ticket: string;
}

/** Every answer to a record, oldest first. */
export async function answersTo(db: Db, id: number): Promise<PastAnswer[]> {
  const sql = 'select at, code, remark, outcome, ticket from record_answers where record_id = ? order by id';
  return rowsOf<PastAnswer>(db, sql, [id]);
}

/** A record that can be answered, as an operator sees it; nothing of its fields. */
export interface Answerable {
  readonly reference: string;
  readonly authority: string;
  readonly day: string;
  readonly kind: string;
  readonly alone: boolean;
  readonly closedAt: string | null;
  readonly answers: number;
}

export interface AnswerableQuery {
  readonly source: string;
  readonly authority?: string;
  readonly openOnly?: boolean;
  readonly limit: number;
  /** Goes on after this reference. */
  readonly after?: string;
}

/** Records of a source that can be answered, in the order of their references. */
export async function answerables(db: Db, query: AnswerableQuery): Promise<Answerable[]> {
  const { source, authority, openOnly = false, limit, after = '' } = query;
  const sql = `select reference, authority, day, kind, alone, closed_at,
      (select count(*) from record_answers where record_id = records.id) as answers
    from records where source = ? and reference > ? ${authority === undefined ? '' : 'and authority = ?'}
    ${openOnly ? 'and closed_at is null' : ''} order by reference limit ?`;
  const bindings = [source, after, ...(authority === undefined ? [] : [authority]), limit];
  const rows = await rowsOf<AnswerableRow>(db, sql, bindings);
  return rows.map(({ alone, closed_at: closedAt, answers, ...row }) => {
    return { ...row, alone: Number(alone) === 1, closedAt, answers: Number(answers) };
  });
}

interface AnswerableRow {
  readonly reference: string;
  readonly authority: string;
  readonly day: string;
  readonly kind: string;
  readonly alone: number;
  readonly closed_at: string | null;
  readonly answers: number | string;
}
