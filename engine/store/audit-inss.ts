import { createHmac } from 'node:crypto';
import { isInss } from '../core/identifiers.ts';
import type { Db } from './database.ts';

/** Makes an INSS number, eleven digits, into something that may be kept. */
export type InssMark = (digits: string) => string;

/**
 * Marks people by a keyed hash: the same number always has the same mark, and without the key nobody finds a number by
 * trying them all, as one could with a plain hash of eleven digits.
 */
export function inssMarkOf(key: Buffer): InssMark {
  return (digits) => `inss:${createHmac('sha256', key).update(`inss\n${digits}`).digest('hex').slice(0, 16)}`;
}

const NO_KEY: InssMark = () => 'inss:hidden';

/** Gives the store the key that its audit marks people with; without one they are hidden for good. Every transaction of `db` inherits it. */
export function markPeopleWith(db: Db, key: Buffer): void {
  db.userParams = { ...db.userParams, inssMark: inssMarkOf(key) };
}

/** How the audit of this store marks people. */
export function inssMarkIn(db: Db): InssMark {
  const mark: unknown = db.userParams['inssMark'];
  return typeof mark === 'function' ? (mark as InssMark) : NO_KEY;
}

const INSS_LIKE = /(?<!\d)\d{2}[ ./-]?\d{2}[ ./-]?\d{2}[ ./-]?\d{3}[ ./-]?\d{2}(?!\d)/g;
const LONG_HASH = /[0-9a-f]{32,}/g;
const SEPARATORS = /[ ./-]/g;

/** Replaces whatever may be an INSS number, with or without separators, wrong check digits included, by its mark. */
export function hideInss(text: string, mark: InssMark): string {
  if (text.search(INSS_LIKE) < 0) return text;
  const hashes = [...text.matchAll(LONG_HASH)].map(({ index, 0: { length } }) => ({ from: index, to: index + length }));
  return text.replace(INSS_LIKE, (found, at: number) => {
    const digits = found.replace(SEPARATORS, '');
    // within a word of letters and digits (a ticket, a hash) only a number with the right check digits counts
    const inWord = /[A-Za-z]/.test(`${text[at - 1] ?? ''}${text[at + found.length] ?? ''}`);
    if (inWord && !isInss(digits)) return found;
    if (hashes.some(({ from, to }) => at >= from && at < to)) return found;
    return mark(digits);
  });
}

/** Facts as JSON without INSS numbers; a number in them counts only when its check digits are right, as byte counts may have eleven digits too. */
export function factsWithoutInss(facts: Readonly<Record<string, unknown>>, mark: InssMark): string {
  return JSON.stringify(facts, (_key, value: unknown) => {
    if (typeof value === 'string') return hideInss(value, mark);
    return typeof value === 'number' && isInss(String(value)) ? mark(String(value)) : value;
  });
}
