import { readFileSync } from 'node:fs';
import { expect } from 'chai';

interface Dependencies {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
}

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as unknown;

describe('lock file', () => {
  it('locks what package.json asks for: npm ci refuses a clone where the two differ', () => {
    const { dependencies, devDependencies } = read('package.json') as Dependencies;
    const { packages } = read('package-lock.json') as { packages: Record<string, Dependencies & { version?: string }> };
    const locked = (name: string) => packages[`node_modules/${name}`]?.version;
    const asked = { ...dependencies, ...devDependencies };
    expect(packages['']).to.deep.include({ dependencies, devDependencies });
    expect(Object.fromEntries(Object.keys(asked).map((name) => [name, locked(name)]))).to.deep.equal(asked);
  });
});
