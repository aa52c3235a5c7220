import { decode, type Encoding, readBeginning } from './encoding.ts';
import { createFormReader, type FormReader } from './form-reader.ts';
import type { Finding } from './inspection.ts';
import { readRootTag } from './root-tag.ts';
import type { ScanJob, ScanPort, ScanResult } from './scan-job.ts';
import { createScan, type ScanState } from './scan-state.ts';
import { advance, STOP } from './scanner.ts';
import { findSchema } from './schema-files.ts';
import type { SchemaOutline } from './schema-outline.ts';
import { bytesSource, fileSource, type Source } from './source.ts';
import { createWindows, type Windows } from './windows.ts';

/** Gives the outline of a schema file; `undefined` when it is no schema. */
export type OutlineOf = (path: string) => Promise<SchemaOutline | undefined>;

interface Scan {
  readonly job: ScanJob;
  readonly port: ScanPort;
  readonly state: ScanState;
  readonly windows: Windows;
  readonly forms: FormReader;
  readonly findings: Finding[];
  readonly outlineOf: OutlineOf;
  encoding: Encoding;
  root: string;
  schema: string;
}

/** Scans a whole file, sending its windows through the port. Memory is bounded by the window, not by the file. */
export async function scanFile(job: ScanJob, port: ScanPort, outlineOf: OutlineOf): Promise<ScanResult> {
  const source = job.source.kind === 'file' ? await fileSource(job.source.path) : bytesSource(job.source.bytes);
  try {
    const scan = prepare(job, port, source, outlineOf);
    const fatal = await run(scan);
    return resultOf(scan, fatal);
  } finally {
    await source.close();
  }
}

type Fatal = ScanResult['fatal'];

function prepare(job: ScanJob, port: ScanPort, source: Source, outlineOf: OutlineOf): Scan {
  const { goal, limits, windowBytes } = job;
  const context = { fileDate: job.fileDate, now: job.now };
  const { anomaliesPerForm } = limits;
  const { checks, days = [], maxForms } = goal;
  const forms = createFormReader({ checks, days, context, anomaliesPerForm, maxForms });
  const keepSmall = Math.ceil(windowBytes / 64);
  const state = createScan({ maxDepth: limits.depth, wanted: forms.wanted, sink: forms, keepSmall });
  const windows = createWindows({ state, port, source, windowBytes, onSyntaxOnly: forms.stopChecks });
  const findings: Finding[] = [];
  return { job, port, state, windows, forms, findings, outlineOf, encoding: 'utf-8', root: '', schema: '' };
}

function resultOf({ root, schema, findings, forms, windows }: Scan, fatal: Fatal): ScanResult {
  const size = windows.size();
  const all = [...findings, ...windows.findings];
  return { root, schema, fatal, findings: all, forms: forms.forms, formCount: forms.count(), size };
}

async function run(scan: Scan): Promise<Fatal> {
  const { state, windows, port } = scan;
  let fatal = await begin(scan);
  while (fatal === undefined && !port.stopped()) {
    const stop = advance(state);
    if (stop === STOP.more) {
      if (windows.ended()) return windows.finish();
      fatal = await windows.fill();
    } else if (stop === STOP.root) await readRoot(scan);
    else if (stop === STOP.cut) await windows.cut();
    else return windows.fail();
  }
  return fatal;
}

/** Reads the beginning of the file and with it the encoding. */
async function begin(scan: Scan): Promise<Fatal> {
  const { state, windows, forms } = scan;
  const head = await windows.head();
  const beginning = readBeginning(head);
  if (beginning.encoding === undefined) return { code: '138', detail: beginning.detail, line: 1, column: 1, at: 0 };
  scan.encoding = beginning.encoding;
  state.pos = beginning.skip;
  state.lineBase = beginning.skip;
  if (beginning.encoding !== 'utf-8') state.continuationEnd = 0;
  forms.attach(state, beginning.encoding);
  return windows.begin(beginning.encoding);
}

async function readRoot(scan: Scan): Promise<void> {
  const { state, job, windows, encoding, findings } = scan;
  const start = state.open.start[0] as number;
  const tag = decode(state.bytes.subarray(start, state.open.content[0]), encoding);
  const prologue = decode(state.bytes.subarray(0, start), encoding);
  const place = { line: state.open.line[0] as number, column: state.open.column[0] as number };
  const root = readRootTag(tag, prologue, job.goal, place);
  scan.root = root.name;
  scan.schema = root.schema;
  findings.push(...root.findings);
  if (root.findings.length > 0) return windows.syntaxOnly();
  const fault = await openSchema(scan);
  if (fault) {
    findings.push({ ...fault, ...place });
    windows.syntaxOnly();
  }
}

async function openSchema({ job, schema, state, windows, outlineOf }: Scan): Promise<Finding | undefined> {
  const path = await findSchema(job.schemaDirs, schema);
  if (path === undefined) return { code: '088', detail: `The schema ${schema} is not known here` };
  const outline = await outlineOf(path);
  if (!outline) return { code: '255', detail: `The schema ${schema} cannot be used: it is not an XML Schema` };
  state.outline = outline;
  windows.useSchema(path, outline);
  return undefined;
}
