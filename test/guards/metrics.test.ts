import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageRoot } from '../../config/package-root.ts';
import { COUNTERS, TIMERS } from '../../engine/core/telemetry.ts';

const textOf = (...path: string[]) => readFileSync(join(packageRoot(), ...path), 'utf8');

/** The sources below some folders, without the catalogue of metrics itself. */
function sourcesIn(...folders: string[]): string {
  const files = folders.flatMap((folder) =>
    readdirSync(join(packageRoot(), folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  );
  const sources = files.filter((name) => name.endsWith('.ts') && !name.endsWith('core/telemetry.ts'));
  return sources.map((name) => textOf(name)).join('\n');
}

/** Every metric that a text names, without what Prometheus adds to the name of a histogram. */
function metricsIn(text: string): string[] {
  const names = [...text.matchAll(/\bbode_[a-z_]+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ''));
  return [...new Set(names)];
}

describe('metrics', () => {
  it('are counted or timed somewhere, each of the catalogue', () => {
    const used = sourcesIn('engine', 'app');
    for (const name of [...Object.keys(COUNTERS), ...Object.keys(TIMERS)]) expect(used, name).to.include(`'${name}'`);
  });

  for (const file of ['alerts.yaml', 'grafana-dashboard.json']) {
    it(`are all there that docs/observe/${file} asks for`, () => {
      const shown = [...Object.keys(COUNTERS), ...Object.keys(TIMERS), ...metricsIn(sourcesIn('channels'))];
      const asked = metricsIn(textOf('docs', 'observe', file));
      expect(asked).to.have.length.greaterThan(5);
      expect(shown).to.include.members(asked);
    });
  }
});
