import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const FILES_AT_ONCE = 500;

/** The verdict of `xmllint --schema` on each document, with what it said about the refused ones. */
export interface XmllintResult {
  readonly valid: boolean;
  readonly said: string;
}

/** Runs `xmllint --noout --nonet --schema` on every document; a document that is not well-formed is not valid. */
export async function xmllint(schemaPath: string, documents: readonly (string | Buffer)[]): Promise<XmllintResult[]> {
  const results: XmllintResult[] = [];
  for (let first = 0; first < documents.length; first += FILES_AT_ONCE) {
    results.push(...(await checkSome(resolve(schemaPath), documents.slice(first, first + FILES_AT_ONCE))));
  }
  return results;
}

async function checkSome(schema: string, documents: readonly (string | Buffer)[]): Promise<XmllintResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bode-xmllint-'));
  try {
    const names = documents.map((_, index) => `${index}.xml`);
    await Promise.all(documents.map((document, index) => writeFile(join(folder, `${index}.xml`), document)));
    return await runOn(folder, schema, names);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function runOn(folder: string, schema: string, names: readonly string[]): Promise<XmllintResult[]> {
  const lines = (await stderrOf(folder, ['--noout', '--nonet', '--schema', schema, ...names])).split('\n');
  // a schema that does not compile would make every document look refused
  if (lines.some((line) => line.startsWith('WXS schema') || line.includes('failed to compile')))
    throw new Error(lines.join('\n'));
  const valid = new Set(lines.filter((line) => line.endsWith(' validates')).map((line) => line.split(' ')[0]));
  const said = new Map<string, string>();
  for (const line of lines) said.set(line.split(':')[0] ?? '', line);
  return names.map((name) => ({ valid: valid.has(name), said: said.get(name) ?? '' }));
}

function stderrOf(cwd: string, args: readonly string[]): Promise<string> {
  return new Promise((done, failed) => {
    execFile('xmllint', args, { cwd, maxBuffer: 256 * 1024 * 1024 }, (error, _stdout, stderr) => {
      // exit codes say that some document was refused; only a missing or killed program is a failure
      if (error && typeof error.code !== 'number') failed(error);
      else done(stderr);
    });
  });
}
