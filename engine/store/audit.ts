import { factsWithoutInss, hideInss, inssMarkIn } from './audit-inss.ts';
import type { Db } from './database.ts';
import { placesFor, write } from './sql.ts';

/** What is audited. Who did it is a sender's number, an operator's login, or `engine`. */
export type AuditedAct =
  | 'submission received'
  | 'submission decided'
  | 'answer placed'
  | 'form delivered'
  | 'form corrected'
  | 'message published'
  | 'message read'
  | 'message hidden'
  | 'message restored'
  | 'preference changed'
  | 'routing changed'
  | 'work given up'
  | 'file removed'
  | 'dead letter replayed'
  | 'dead letter discarded'
  | 'provisioned'
  | 'mandate changed'
  | 'certificate changed'
  | 'certificate expires'
  | 'sender paused'
  | 'sender resumed'
  | 'alert raised'
  | 'alert cleared'
  | 'messages removed'
  | 'hold added'
  | 'hold removed'
  | 'registered mail dispatched'
  | 'registered mail read'
  | 'task done'
  | 'mail address changed'
  | 'mail sent'
  | 'mail failed'
  | 'webhook changed'
  | 'webhook events given up'
  | 'webhook letter replayed'
  | 'content collected'
  | 'content quarantined'
  | 'quarantine ended'
  | 'job run'
  | 'list published'
  | 'electronic way switched'
  | 'document placed'
  | 'login ban lifted'
  | 'audit end accepted'
  | AccessAct;

/** What is audited of who may do what (engine/registry). Who did it is a person's id, an operator's login, or `nobody`. */
export type AccessAct =
  | 'signed in'
  | 'sign-in refused'
  | 'signed out'
  | 'access refused'
  | 'organisation changed'
  | 'quality changed'
  | 'person created'
  | 'person changed'
  | 'person deleted'
  | 'password changed'
  | 'rights changed'
  | 'structured messages changed';

/** One thing that mattered. Texts longer than their column are cut; INSS numbers are hidden wherever they stand. */
export interface AuditLine {
  readonly at: Date;
  readonly who: string;
  readonly what: AuditedAct;
  /** A ticket, a file name, a mailbox. */
  readonly subject: string;
  readonly outcome: string;
  /** Whose managers may see the line: an enterprise number; nobody's when absent. */
  readonly organisation?: string;
  /** Of the organisation, when it is about one. */
  readonly quality?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** The longest texts that a line holds, in characters; the facts are JSON. */
const LONGEST = { who: 80, subject: 120, outcome: 40, facts: 8_000 } as const;

/**
 * Adds a line in the caller's transaction: it stands if and only if what it tells of has committed. It is linked into
 * the chain soon after. No INSS number gets through: each becomes the mark that `markPeopleWith` gave the store, or
 * `inss:hidden` where there is none.
 */
export async function audit(tx: Db, line: AuditLine): Promise<void> {
  await write(tx, INSERT, valuesOf(tx, line));
}

/** Adds many lines as `audit` does, in a few statements. */
export async function auditAll(tx: Db, lines: readonly AuditLine[]): Promise<void> {
  for (let from = 0; from < lines.length; from += LINES_AT_ONCE) {
    const values = lines.slice(from, from + LINES_AT_ONCE).map((line) => valuesOf(tx, line));
    const places = values.map((row) => `(${placesFor(row)})`).join(', ');
    await write(tx, `insert into audit (${COLUMNS}) values ${places}`, values.flat());
  }
}

const LINES_AT_ONCE = 100;
const COLUMNS = 'at, who, what, subject, outcome, facts, organisation, quality';
const INSERT = `insert into audit (${COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?)`;

function valuesOf(tx: Db, line: AuditLine): (string | null)[] {
  const { at, who, what, subject, outcome, organisation, quality, facts = {} } = line;
  const mark = inssMarkIn(tx);
  const plain = (text: string, longest: number) => cut(hideInss(text, mark).replace(/\p{Cc}|\p{Cs}/gu, '?'), longest);
  return [
    at.toISOString(),
    plain(who, LONGEST.who),
    what,
    plain(subject, LONGEST.subject),
    plain(outcome, LONGEST.outcome),
    shortFacts(
      factsWithoutInss({ ...(organisation && { organisation }), ...(quality && { quality }), ...facts }, mark),
    ),
    organisation ?? null,
    quality ?? null,
  ];
}

/** Never in the middle of a character; a mark that would be cut in two still hides what it hides. */
function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${[...text].slice(0, longest - 1).join('')}…`;
}

function shortFacts(json: string): string {
  return json.length <= LONGEST.facts ? json : JSON.stringify({ cut: cut(json, LONGEST.facts / 4) });
}
