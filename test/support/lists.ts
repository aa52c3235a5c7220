import { loadConfig } from '../../config/load.ts';
import type { ListDefinition } from '../../engine/lists/definition.ts';
import { createLineReader } from '../../engine/lists/render/line-reader.ts';
import type {
  Head,
  Line,
  Renderer,
  Rendering,
  TextRenderer,
  TextRendering,
  Totals,
} from '../../engine/lists/render/rendering.ts';
import type { TakenRecords } from '../../engine/records/taken.ts';

/** A list as it is shipped, changed by the test. */
export async function shippedList(name: string, with_: Partial<ListDefinition> = {}): Promise<ListDefinition> {
  const { lists } = await loadConfig(undefined, {});
  const list = lists[name];
  if (!list) throw new Error(`no list ${name} is shipped`);
  return { ...(list as ListDefinition), ...with_ };
}

/** The head of a list of March for one authority. */
export function aHead(definition: ListDefinition, with_: Partial<Head> = {}): Head {
  const authority = { authority: '0206731645', authorityName: 'OCMW Voorbeeld', language: 'nl' as const };
  return { definition, period: '2026-03', ...authority, madeAt: new Date('2026-04-05T04:00:00Z'), lines: 0, ...with_ };
}

/** A line with the values of these fields, in the order of the columns. */
export function aLine(list: ListDefinition, fields: Readonly<Record<string, string>>, correctionOf = ''): Line {
  return { values: list.columns.map(({ field }) => fields[field] ?? ''), correctionOf };
}

/** The document that a renderer makes of lines. */
export async function rendered(
  renderer: Renderer | TextRenderer,
  head: Head,
  lines: readonly Line[],
  totals: Partial<Totals> = {},
): Promise<Buffer> {
  const rendering = renderer.render({ ...head, lines: lines.length });
  const pieces: Buffer[] = [];
  const read = (async () => {
    for await (const piece of rendering.content) pieces.push(Buffer.from(piece));
  })();
  await writeLines(rendering, head, lines);
  const corrections = lines.filter(({ correctionOf }) => correctionOf !== '').length;
  await rendering.end({ lines: lines.length, corrections, sums: {}, ...totals });
  await read;
  return Buffer.concat(pieces);
}

/** Writes lines, also to a format that takes them as bytes. */
export async function writeLines(rendering: Rendering | TextRendering, head: Head, lines: readonly Line[]) {
  if ('write' in rendering) return rendering.write(lines);
  const reader = createLineReader(head.definition, head.authority);
  for (const line of lines) reader.read(recordsOf(head.definition, line), rendering.line);
  return rendering.drained();
}

/** The record of a line; what it corrects must be a month. */
function recordsOf({ columns }: ListDefinition, { values, correctionOf }: Line): TakenRecords {
  const fields = Object.fromEntries(columns.map(({ field }, at) => [field, values[at]]));
  const days = JSON.stringify([`${correctionOf}-01`]);
  return { late: correctionOf !== '', fields: JSON.stringify([fields]), days, kinds: '[]' };
}

/** A payment of the monthly statement, as its record has it (protocol §3.2). */
export function aPayment(with_: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    ...{ Law: '1', Nis: '44021', YearMonth: '202603', DossierNumber: '00000000123', INSS: '93051822361' },
    ...{ Reference: '000000004711', AmountType: '1', FirstDay: '20260301', LastDay: '20260331' },
    ...{ BudgetArticle: '101', Sign: '+', Amount: '00001460', Category: 'A', Name: 'Dupont Élodie' },
    ...with_,
  };
}
