import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { XMLParser } from 'fast-xml-parser';

const run = promisify(execFile);

/** A cell as a spreadsheet holds it. */
export interface SheetCell {
  readonly text: string;
  /** The number it takes it for, as it writes it; absent for a text. */
  readonly number?: string;
  /** What it would compute; absent where it just shows what stands there. */
  readonly formula?: string;
}

/**
 * `;`, `"`, UTF-8, Dutch of Belgium, all that can be read as a number or a formula read as such: a person who opens the
 * file in the worst way.
 */
const AS_CREDULOUS_AS_CAN_BE = 'CSV:59,34,76,1,,2067,false,true,false,false,false,0,true';

/** The cells of CSV files, row by row, as LibreOffice Calc opens them in Belgium. */
export async function openedInCalc(files: readonly Buffer[]): Promise<SheetCell[][][]> {
  const dir = await mkdtemp(join(tmpdir(), 'bode-calc-'));
  try {
    const paths = files.map((_, at) => join(dir, `${at}.csv`));
    await Promise.all(paths.map((path, at) => writeFile(path, files[at] ?? '')));
    const args = [`-env:UserInstallation=file://${dir}/profile`, '--headless', '--convert-to', 'fods', '--outdir', dir];
    await run('soffice', [...args, `--infilter=${AS_CREDULOUS_AS_CAN_BE}`, ...paths], { maxBuffer: 1 << 24 });
    return await Promise.all(files.map(async (_, at) => sheetIn(await readFile(join(dir, `${at}.fods`), 'utf8'))));
  } finally {
    await rm(dir, { recursive: true });
  }
}

type Node = Readonly<Record<string, unknown>>;

const PARSER = new XMLParser({
  ...{ ignoreAttributes: false, attributeNamePrefix: '@', parseTagValue: false, parseAttributeValue: false },
  ...{ trimValues: false, alwaysCreateTextNode: true },
  isArray: (name: string) => ['table:table-row', 'table:table-cell', 'text:p'].includes(name),
});

function sheetIn(fods: string): SheetCell[][] {
  const sheet: Node = PARSER.parse(fods)['office:document']['office:body']['office:spreadsheet']['table:table'];
  return nodes(sheet['table:table-row']).map((row) => nodes(row['table:table-cell']).flatMap(cellsIn));
}

const nodes = (value: unknown) => (value ?? []) as readonly Node[];

function cellsIn(cell: Node): SheetCell[] {
  const formula = cell['@table:formula'];
  const number = cell['@office:value-type'] === 'float' ? { number: String(cell['@office:value']) } : {};
  const read = {
    text: nodes(cell['text:p']).map(textOf).join('\n'),
    ...number,
    ...(formula ? { formula: String(formula) } : {}),
  };
  return Array.from({ length: Number(cell['@table:number-columns-repeated'] ?? 1) }, () => read);
}

/** A paragraph without what says how many blanks stood where. */
const textOf = (paragraph: Node) => String(paragraph['#text'] ?? '');
