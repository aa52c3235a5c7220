import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageRoot } from '../../config/package-root.ts';
import { ACTORS, PERMISSIONS } from '../../engine/registry/permissions.ts';
import { bode } from '../support/command-line.ts';

/** The table of docs/access.md as rows of cells, without the line under the titles. */
function documented(): string[][] {
  const [, text = ''] = readFileSync(join(packageRoot(), 'docs/access.md'), 'utf8').split(/<!-- \/?table -->/);
  const rows = text
    .trim()
    .split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return rows.filter((cells) => !cells.every((cell) => /^-+$/.test(cell)));
}

describe('docs/access.md', () => {
  it('has the table that decides, no more and no less', () => {
    const rows = [...PERMISSIONS].map(([name, scopes]) => [
      name,
      ...ACTORS.map((actor) => scopes[actor].replace('never', '–')),
    ]);
    expect(documented()).to.deep.equal([['permission', ...ACTORS], ...rows]);
  });

  it('has the table that `bode access table` prints', async function () {
    this.timeout(20_000);
    const { status, stdout } = await bode(['access', 'table'], packageRoot());
    expect(status).to.equal(0);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/)),
    ).to.deep.equal(documented());
  });
});
