import type { StoredLine } from '../../engine/store/audit-lines.ts';
import type { Verification } from '../../engine/store/audit-verify.ts';
import { table } from './output.ts';

type Line = StoredLine & { readonly seq: number | null };

/** A line with its facts as an object; as text when somebody made them unreadable. */
export function shownLine({ seq, at, who, what, subject, outcome, facts }: Line) {
  return { seq, at, who, what, subject, outcome, facts: factsOf(facts) };
}

function factsOf(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

const TITLES = ['SEQ', 'AT', 'WHO', 'WHAT', 'SUBJECT', 'OUTCOME', 'FACTS'];

/** Lines as columns; `-` for the place of one that is not linked yet. */
export function lineTable(lines: readonly Line[]): string[] {
  return table(
    TITLES,
    lines.map(({ seq, at, who, what, subject, outcome, facts }) => [
      String(seq ?? '-'),
      at,
      who,
      what,
      subject,
      outcome,
      facts,
    ]),
  );
}

/** What a verification found, one thing a line. */
export function verdictText({ ok, lines, end, findings, more, waiting }: Verification): string[] {
  const found = [...findings.map(({ text }) => text), ...(more > 0 ? [`and ${more} more`] : [])];
  const late = waiting.count > 0 ? [`not linked yet: ${waiting.count}, the oldest of ${waiting.oldest}`] : [];
  const verdict = ok ? `good: ${lines} lines are as they were linked` : `BROKEN: see above; ${lines} lines were read`;
  return [...found, verdict, `head ${end.seq}:${end.hash}`, ...late];
}
