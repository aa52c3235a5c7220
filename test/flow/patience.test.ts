import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { spawnBode } from '../support/command-line.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type PreparedEngine, prepareEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { requireListening } from '../support/ports.ts';
import { openClient } from '../support/sender.ts';
import { servicesRequired, serviceUrl } from '../support/services.ts';
import { expectOneOfEach, prepareSet } from '../support/sets.ts';

const PATIENCE_MS = 1_500;
/** The engine itself ends two seconds after its patience whatever happens; work that hears of the end is quicker. */
const FIRM_MS = 2_000;
const HELD = new URL('../support/held-inspection.js', import.meta.url).href;

interface Line {
  readonly msg: string;
  readonly kind?: string;
  readonly attempt?: number;
}

/** A process of one role, and all that it logs. */
interface RoleProcess {
  readonly child: ChildProcess;
  /** Everything it has logged, once it has ended. */
  readonly lines: Promise<Line[]>;
}

function suite(brokerUrl: string): void {
  describe('a worker that is told to stop in the middle of a long piece of work', function () {
    this.timeout(120_000);
    const started: RoleProcess[] = [];
    let database: TestDatabase;
    let engine: PreparedEngine;

    before(async () => {
      database = await createTestDatabase('postgres');
      const shutdown = { patience: `${PATIENCE_MS}ms` };
      engine = await prepareEngine({ brokerUrl, config: { store: { url: database.url }, shutdown } });
    });
    after(async () => {
      for (const { child } of started) child.kill('SIGKILL');
      await Promise.all(started.map(({ lines }) => lines));
      await engine.remove();
      await database.remove();
    });

    function start(role: string, env: NodeJS.ProcessEnv = {}): RoleProcess {
      const child = spawnBode(['start', '--role', role], engine.dir, env);
      child.stderr?.resume();
      const one = { child, lines: text(child.stdout!).then(linesOf) };
      started.push(one);
      return one;
    }

    it('hands it back when its patience is over, with no attempt spent, and another process does it', async () => {
      const held = join(engine.dir, 'held');
      start('channels');
      const first = start('worker', { NODE_OPTIONS: `--import ${HELD}`, BODE_TEST_HELD: held });
      await eventually(() => requireListening(engine.port), 30_000);
      const client = await openClient(engine);
      const set = await prepareSet(client, { sequence: '00001' });
      await client.sftp(set.batch);
      await eventually(() => access(held), 30_000);

      const exit = once(first.child, 'exit');
      const told = Date.now();
      first.child.kill('SIGTERM');
      expect(await exit).to.deep.equal([0, null]);
      expect(Date.now() - told).to.be.within(PATIENCE_MS, PATIENCE_MS + FIRM_MS - 1);
      expect((await first.lines).map(({ msg }) => msg)).to.include.members([
        'out of patience: work in hand is given up and will be done again',
        'stopped',
      ]);

      const second = start('worker');
      await eventually(() => expectOneOfEach(engine, client, [set]), 60_000);
      second.child.kill('SIGTERM');
      const done = (await second.lines).filter(
        ({ msg, kind }) => msg === 'message done' && kind === 'submission.received',
      );
      expect(done.map(({ attempt }) => attempt)).to.deep.equal([1]);
      expect(await engine.db('dead_letters').pluck('reason')).to.deep.equal([]);
    });
  });
}

function linesOf(log: string): Line[] {
  return log
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Line => JSON.parse(line));
}

const rabbit = serviceUrl('TEST_AMQP_URL');
if ((rabbit && serviceUrl('TEST_PG_URL')) || servicesRequired()) suite(rabbit ?? '');
