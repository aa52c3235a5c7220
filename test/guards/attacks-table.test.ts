import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageRoot } from '../../config/package-root.ts';

const textOf = (...path: string[]) => readFileSync(join(packageRoot(), 'test', ...path), 'utf8');

/** Every test that the table names: its file, and a part of its title. */
function named(table: string): { file: string; title: string }[] {
  return [...table.matchAll(/`([a-z0-9./-]+\.test\.ts)`: ((?:\*[^*|]+\*(?:; )?)+)/g)].flatMap(
    ([, file = '', titles = '']) => [...titles.matchAll(/\*([^*]+)\*/g)].map(([, title = '']) => ({ file, title })),
  );
}

describe('the table of attacks', () => {
  const table = textOf('clients', 'README.md');
  const rows = table.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| what broke'));

  it('names only tests that are there', () => {
    for (const { file, title } of named(table))
      expect(textOf(...file.split('/')), `${file}: ${title}`).to.include(title);
    expect(named(table).length).to.be.greaterThan(60);
  });

  it('names a test for every attack', () => {
    for (const row of rows) expect(named(row).length > 0 || row.includes('the same tests'), row).to.equal(true);
    expect(rows.length).to.be.greaterThan(30);
  });
});
