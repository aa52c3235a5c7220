import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * A schema of a PostgreSQL server as text that depends on nothing but the migrations: pg_dump's statements without comments,
 * settings, and the name of the schema. Needs pg_dump of the server's release or a newer one on the PATH.
 */
export async function schemaText(url: string, schema: string): Promise<string> {
  const args = ['--schema-only', '--no-owner', '--no-privileges', '--no-comments', `--schema=${schema}`, url];
  const { stdout } = await promisify(execFile)('pg_dump', args, { maxBuffer: 1 << 26 });
  const lines = stdout.split('\n').filter((line) => !NOISE.test(line));
  const text = lines.join('\n').replaceAll(`${schema}.`, '');
  return `${text.replaceAll(/\n{3,}/g, '\n\n').trim()}\n`;
}

// comments, settings, psql's own commands (newer releases guard a dump with a random word), the schema itself
const NOISE = /^(--|SET |SELECT pg_catalog\.set_config|\\|CREATE SCHEMA )/;
