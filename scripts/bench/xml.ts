import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { silentLogger } from '../../engine/core/logger.ts';
import { CHECKS } from '../../engine/pipelines/goals/checks.ts';
import { createInspector, type Inspector } from '../../engine/pipelines/xml/inspector.ts';
import { writeDeclaration } from '../declaration/write.ts';

/** One measured figure of the XML bench; memory has no reference. */
export interface XmlFigure {
  readonly bench: 'xml';
  readonly case: string;
  readonly value: number;
  readonly unit: 'MB/s' | 'MiB';
  readonly reference: number | null;
  readonly ratio: number | null;
  /** `null` when the figure is only told. */
  readonly bar: number | null;
  readonly ok: boolean;
}

export interface XmlBenchOptions {
  /** Directory with DmfAOriginal_20231.xsd; ours unless given. */
  readonly schemaDir?: string;
  readonly sizes?: readonly { readonly name: string; readonly bytes: number; readonly runs: number }[];
}

const SCHEMA = 'DmfAOriginal_20231.xsd';
const RATIO_BAR = 0.6;
const MEMORY_BAR_MIB = 256;
const SIZES = [
  { name: '100 MB', bytes: 100e6, runs: 3 },
  { name: '1 GB', bytes: 1e9, runs: 2 },
];
/**
 * In an engine that runs, threads are started, the schema is compiled and the code is optimised: the child inspects
 * another file of this size before it is timed. What the first file of a new process takes is told as a figure of its own.
 */
const WARM_UP_BYTES = 20e6;
const run = promisify(execFile);

/** A declaration of each size with every check, in a process of its own, against `xmllint --stream --schema`, by turns; best run of each. The smallest is told without a warm-up, too. */
export async function* benchXml(options: XmlBenchOptions = {}): AsyncIterable<XmlFigure> {
  const schemaDir = options.schemaDir ?? join(packageRoot(), 'schemas', 'xsd');
  const folder = await mkdtemp(join(tmpdir(), 'bode-bench-xml-'));
  const warmUp = join(folder, 'warm-up.xml');
  try {
    await writeDeclaration(warmUp, { schema: SCHEMA, bytes: WARM_UP_BYTES });
    const sizes = options.sizes ?? SIZES;
    for (const { name, bytes, runs } of sizes) {
      const path = join(folder, 'declaration.xml');
      const written = await writeDeclaration(path, { schema: SCHEMA, bytes });
      const plan = { path, warmUp, schemaDir, bytes: written.bytes, runs, tellCold: name === sizes[0]?.name };
      yield* compare(name, plan);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Measured {
  readonly seconds: number;
  readonly memoryMib: number;
}

interface Comparison {
  readonly path: string;
  readonly warmUp: string;
  readonly schemaDir: string;
  readonly bytes: number;
  readonly runs: number;
  readonly tellCold: boolean;
}

async function* compare(name: string, plan: Comparison): AsyncIterable<XmlFigure> {
  const { path, warmUp, schemaDir, bytes, runs, tellCold } = plan;
  const ours: Measured[] = [];
  const cold: Measured[] = [];
  const theirs: number[] = [];
  for (let turn = 0; turn < runs; turn++) {
    if (tellCold) cold.push(await inspectInChild(path, '', schemaDir));
    ours.push(await inspectInChild(path, warmUp, schemaDir));
    theirs.push(await xmllintSeconds(path, join(schemaDir, SCHEMA)));
  }
  const rate = (seconds: readonly number[]) => bytes / 1e6 / Math.min(...seconds);
  const reference = rate(theirs);
  const speed = (measured: readonly Measured[]) => {
    const value = rate(measured.map(({ seconds }) => seconds));
    return { bench: 'xml', value, unit: 'MB/s', reference, ratio: value / reference } as const;
  };
  const warm = speed(ours);
  yield { ...warm, case: `${name} DmfA, every check, warm`, bar: RATIO_BAR, ok: warm.ratio >= RATIO_BAR };
  if (tellCold) yield { ...speed(cold), case: `${name} DmfA, every check, from a cold start`, bar: null, ok: true };
  const peak = Math.max(...ours.map(({ memoryMib }) => memoryMib));
  const memory = { case: `${name} DmfA, resident memory`, value: peak, unit: 'MiB', reference: null } as const;
  yield { bench: 'xml', ...memory, ratio: null, bar: MEMORY_BAR_MIB, ok: peak <= MEMORY_BAR_MIB };
}

async function xmllintSeconds(path: string, schema: string): Promise<number> {
  const start = performance.now();
  await run('xmllint', ['--noout', '--nonet', '--stream', '--schema', schema, path]);
  return (performance.now() - start) / 1000;
}

async function inspectInChild(path: string, warmUp: string, schemaDir: string): Promise<Measured> {
  const { stdout } = await run(process.execPath, [fileURLToPath(import.meta.url), path, warmUp, schemaDir]);
  return JSON.parse(stdout) as Measured;
}

/** The child's part: inspects one file, after another, and prints its time and the peak memory of the process. */
async function inspectOnce(path: string, warmUp: string, schemaDir: string): Promise<void> {
  const limits = { findings: 100, anomaliesPerForm: 100, depth: 256 };
  const inspector = createInspector({ schemaDirs: [schemaDir], workers: 2, limits, log: silentLogger() });
  if (warmUp !== '') await inspectFile(inspector, warmUp);
  const start = performance.now();
  await inspectFile(inspector, path);
  const seconds = (performance.now() - start) / 1000;
  await inspector.stop();
  const measured: Measured = { seconds, memoryMib: process.resourceUsage().maxRSS / 1024 };
  process.stdout.write(JSON.stringify(measured));
}

async function inspectFile({ inspect }: Inspector, path: string): Promise<void> {
  const { size } = await stat(path);
  const goal = {
    ...{ code: 'DMFA', roots: ['DmfAOriginal'], schemas: ['DmfAOriginal_{quarter}.xsd'], identifications: ['DMFA'] },
    ...{ checks: Object.keys(CHECKS).map((name) => ({ name, class: 'B' as const })), maxForms: 1_000_000 },
  };
  const { findings, forms } = await inspect({
    source: { kind: 'file', path, size },
    ...{ goal, fileDate: '99991231', now: new Date(), signal: new AbortController().signal },
  });
  if (findings.length === 0 && forms.every(({ anomaliesTotal }) => anomaliesTotal === 0)) return;
  throw new Error(`the declaration must be right: ${JSON.stringify(findings)}`);
}

function packageRoot(): string {
  const compiled = dirname(fileURLToPath(import.meta.url));
  return join(compiled, '..', '..', '..');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [path = '', warmUp = '', schemaDir = ''] = process.argv.slice(2);
  await inspectOnce(path, warmUp, schemaDir);
}
