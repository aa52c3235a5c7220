import { factsWithoutInss, hideInss, inssMarkIn } from './audit-inss.ts';
import type { Db } from './database.ts';
import { change } from './sql.ts';

/** What is audited. Who did it is a sender's number, an operator's login, or `engine`. */
export type AuditedAct =
  | 'submission received'
  | 'submission decided'
  | 'answer placed'
  | 'form delivered'
  | 'message published'
  | 'message read'
  | 'message hidden'
  | 'message restored'
  | 'preference changed'
  | 'work given up'
  | 'file removed'
  | 'dead letter replayed'
  | 'dead letter discarded'
  | 'provisioned'
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
  | 'content collected'
  | 'content quarantined'
  | 'quarantine ended'
  | 'job run'
  | 'login ban lifted'
  | 'audit end accepted';

/** One thing that mattered. Texts longer than their column are cut; INSS numbers are hidden wherever they stand. */
export interface AuditLine {
  readonly at: Date;
  readonly who: string;
  readonly what: AuditedAct;
  /** A ticket, a file name, a mailbox. */
  readonly subject: string;
  readonly outcome: string;
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
  await change(tx, INSERT, valuesOf(tx, line));
}

const INSERT = 'insert into audit (at, who, what, subject, outcome, facts) values (?, ?, ?, ?, ?, ?)';

function valuesOf(tx: Db, { at, who, what, subject, outcome, facts = {} }: AuditLine): string[] {
  const mark = inssMarkIn(tx);
  const plain = (text: string, longest: number) => cut(hideInss(text, mark).replace(/\p{Cc}|\p{Cs}/gu, '?'), longest);
  return [
    at.toISOString(),
    plain(who, LONGEST.who),
    what,
    plain(subject, LONGEST.subject),
    plain(outcome, LONGEST.outcome),
    shortFacts(factsWithoutInss(facts, mark)),
  ];
}

/** Never in the middle of a character; a mark that would be cut in two still hides what it hides. */
function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${[...text].slice(0, longest - 1).join('')}…`;
}

function shortFacts(json: string): string {
  return json.length <= LONGEST.facts ? json : JSON.stringify({ cut: cut(json, LONGEST.facts / 4) });
}
