import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The rank of each folder (ARCHITECTURE.md); the longest prefix counts. An import may only point to a lower rank or stay in its folder. */
const RANKS: Readonly<Record<string, number>> = {
  'app.ts': 5,
  app: 5,
  scripts: 5,
  test: 5,
  channels: 4,
  config: 4,
  'engine/intake': 3,
  'engine/pipelines': 3,
  'engine/lists': 3,
  'engine/expiry': 3,
  'engine/outbound': 3,
  'engine/submissions': 2,
  'engine/records': 2,
  'engine/mailboxes': 2,
  'engine/landing': 2,
  'engine/jobs': 2,
  'engine/broker': 2,
  'engine/registry': 2,
  'engine/pki': 1,
  'engine/store': 1,
  'engine/core': 0,
  schemas: 0,
};

/** The only places that may import each of these packages. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  amqplib: ['engine/broker/rabbitmq-session.ts', 'test/support/rabbitmq.ts'],
  ssh2: ['channels/sftp', 'test', 'engine/registry/ssh-keys.ts'],
  'better-sqlite3': ['engine/store', 'test'], // tests: another process that holds the lock
  'libxml2-wasm': ['engine/pipelines/xml'],
  'prom-client': ['channels/observe'],
  'cron-parser': ['engine/lists/schedule.ts'],
  'lru-cache': ['channels/webservice/oauth/access-token.ts'],
  pdfkit: ['engine/lists/render'],
  fontkit: ['engine/lists/render'],
  '@cantoo/pdf-lib': ['engine/pipelines/rows', 'test'],
  archiver: ['engine/store/zip.ts', 'test'],
};

export interface Violation {
  readonly file: string;
  readonly target: string;
  readonly reason: string;
}

/** Checks the imports of one file against the ranks; pure. */
export function violationsOf(file: string, imports: readonly string[]): Violation[] {
  return imports.flatMap((target) => {
    const reason = target.startsWith('.') ? layerFault(file, resolveFrom(file, target)) : homeFault(file, target);
    return reason ? [{ file, target, reason }] : [];
  });
}

function resolveFrom(file: string, target: string): string {
  return posix.normalize(posix.join(posix.dirname(file), target));
}

function layerFault(file: string, target: string): string | undefined {
  const [from, to] = [folderOf(file), folderOf(target)];
  if (from === undefined || to === undefined) return 'a folder without a rank';
  if (from === to) return undefined;
  const [fromRank, toRank] = [rankOf(from), rankOf(to)];
  if (fromRank === 5 && toRank === 5) return undefined;
  return toRank < fromRank ? undefined : `${from} (rank ${fromRank}) may not import ${to} (rank ${toRank})`;
}

function folderOf(path: string): string | undefined {
  const names = Object.keys(RANKS).filter((name) => path === name || path.startsWith(`${name}/`));
  const name = names.sort((a, b) => b.length - a.length)[0];
  // each channel is a folder of its own
  return name === 'channels' ? path.split('/').slice(0, 2).join('/') : name;
}

function rankOf(folder: string): number {
  return RANKS[folder] ?? RANKS[folder.split('/')[0] ?? ''] ?? -1;
}

function homeFault(file: string, target: string): string | undefined {
  const homes = HOMES[target];
  if (!homes || homes.some((home) => file === home || file.startsWith(`${home}/`))) return undefined;
  return `${target} may only be imported in ${homes.join(', ')}`;
}

/** Every import of every source file under `root` that breaks the rule. */
export function checkTree(root: string): Violation[] {
  return sourceFiles(root).flatMap((file) => violationsOf(file, importsOf(readFileSync(join(root, file), 'utf8'))));
}

function sourceFiles(root: string): string[] {
  const folders = ['app', 'engine', 'channels', 'schemas', 'config', 'scripts', 'test'];
  const inside = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => posix.join(folder, name)),
  );
  return [...inside, 'app.ts'].filter((name) => name.endsWith('.ts'));
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g)].map((match) => match[1] ?? '');
}

function main(): void {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
  const violations = checkTree(root);
  for (const { file, target, reason } of violations)
    process.stderr.write(`${relative('.', file)}: ${target}: ${reason}\n`);
  if (violations.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
