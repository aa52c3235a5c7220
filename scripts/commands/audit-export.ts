import papaparse from 'papaparse';
import { EngineError } from '../../engine/core/errors.ts';
import { FORMULA } from '../../engine/core/formula.ts';
import { GENESIS } from '../../engine/store/audit-head.ts';
import { type AuditPeriod, type ExportedLine, linesOf, waitingLines } from '../../engine/store/audit-lines.ts';
import type { Db } from '../../engine/store/database.ts';
import { shownLine } from './audit-text.ts';
import { print, safeJson } from './output.ts';

/** How a period can be exported. */
export const EXPORT_FORMATS = ['jsonl', 'csv'] as const;

export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** The period between two moments. Throws usage_wrong when it would be empty. */
export function periodBetween(from: Date, until: Date): AuditPeriod {
  if (from < until) return { from, until };
  throw new EngineError('usage_wrong', '--to must be later than --from');
}

const PAGE = 500;

/** Prints the linked lines of a period, as they come; says on stderr how many others are not linked yet. */
export async function exportLines(db: Db, period: AuditPeriod, format: ExportFormat): Promise<void> {
  const { count } = await waitingLines(db, period);
  const written = format === 'csv' ? csvLines : (lines: readonly ExportedLine[]) => lines.map(jsonLine);
  if (format === 'csv') await print([COLUMNS.join(',')]);
  let page: ExportedLine[] = [];
  for await (const line of linesOf(db, period, GENESIS.hash)) {
    page.push(line);
    if (page.length < PAGE) continue;
    await print(written(page));
    page = [];
  }
  await print(written(page));
  if (count > 0) process.stderr.write(`lines of this period that are not linked yet, and left out: ${count}\n`);
}

/** With the hash of the line before, so that whoever has the key can check the line by itself. */
function jsonLine(line: ExportedLine): string {
  const { seq, hash, previous } = line;
  return safeJson({ ...shownLine(line), seq, hash, previous });
}

const COLUMNS = ['seq', 'at', 'who', 'what', 'subject', 'outcome', 'facts', 'hash', 'previous'] as const;

/** A cell that a spreadsheet would take for a formula begins with an apostrophe; the library's own pattern passes one that holds a line break. */
function csvLines(lines: readonly ExportedLine[]): string[] {
  const rows = lines.map((line) => COLUMNS.map((column) => line[column]));
  return rows.length === 0 ? [] : [papaparse.unparse(rows, { newline: '\n', escapeFormulae: FORMULA })];
}
