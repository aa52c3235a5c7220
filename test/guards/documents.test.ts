import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageRoot } from '../../config/package-root.ts';

const read = (name: string) => readFileSync(join(packageRoot(), name), 'utf8');

describe('documents', () => {
  it('name only scripts, files and npm scripts that are there', () => {
    const scripts = JSON.parse(read('package.json')).scripts as Record<string, string>;
    for (const name of ['README.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md']) {
      const text = read(name);
      for (const [, path = ''] of text.matchAll(/`?(scripts\/(?:demo|test|start|bench)\b)/g)) {
        expect(
          existsSync(join(packageRoot(), path)) || existsSync(join(packageRoot(), `${path}.ts`)),
          `${name}: ${path}`,
        ).to.equal(true);
      }
      for (const [, script = ''] of text.matchAll(/npm run ([a-z]+)/g)) expect(scripts, name).to.have.property(script);
      for (const [, link = ''] of text.matchAll(/\]\(([^)#:]+)\)/g)) {
        expect(existsSync(join(packageRoot(), link)), `${name}: ${link}`).to.equal(true);
      }
    }
  });

  it('show the folders that the tree has', () => {
    const named = [...read('ARCHITECTURE.md').matchAll(/\| `((?:engine|channels)\/[a-z]+)\/` \|/g)];
    expect(named.length).to.be.greaterThan(8);
    for (const [, folder = ''] of named) expect(existsSync(join(packageRoot(), folder)), folder).to.equal(true);
  });
});
