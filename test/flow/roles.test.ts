import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { createApp, type Role } from '../../app.ts';
import { fileDate } from '../../engine/core/calendar.ts';
import { EngineError } from '../../engine/core/errors.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { spawnBode } from '../support/command-line.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { aDeclaration } from '../support/declarations.ts';
import { type PreparedEngine, prepareEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient } from '../support/sender.ts';
import { servicesRequired, serviceUrl } from '../support/services.ts';

const STEM = `DMFA.123456.${fileDate(new Date())}.00001.R`;
const ROLES: readonly Role[] = ['channels', 'worker', 'scheduler'];

describe('a process with a role of its own', () => {
  for (const role of ROLES) {
    it(`is refused as ${role} when broker or store serve one process only`, async () => {
      const engine = await prepareEngine();
      try {
        const app = createApp(engine.config, silentLogger(), new AbortController().signal, role);
        const error = await app.catch((thrown: unknown) => thrown);
        expect(error).to.be.instanceOf(EngineError).with.property('code', 'config_invalid');
        expect((error as Error).message).to.match(/^broker\.url: embedded serves one process.*amqp:\/\//);
      } finally {
        await engine.remove();
      }
    });
  }
});

const rabbit = serviceUrl('TEST_AMQP_URL');
if ((rabbit && serviceUrl('TEST_PG_URL')) || servicesRequired()) {
  describe('channels, worker and scheduler as three processes', () => {
    let database: TestDatabase;
    let engine: PreparedEngine;
    let processes: ChildProcess[];
    before(async () => {
      database = await createTestDatabase('postgres');
      engine = await prepareEngine({ brokerUrl: rabbit ?? '', config: { store: { url: database.url } } });
      processes = ROLES.map((role) => spawnBode(['start', '--role', role], engine.dir));
    });
    after(async () => {
      await Promise.all(processes.map((child) => end(child, 'SIGKILL')));
      await engine.remove();
      await database.remove();
    });

    it('make of a submission what one process makes of it, and end with 0 when they are told to', async function () {
      this.timeout(120_000);
      await Promise.all(processes.map(started));
      const client = await openClient(engine);
      const names = [`FI.${STEM}.1.1`, `FS.${STEM}.1.1`, `GO.${STEM}.1`] as const;
      await client.write(names[0], aDeclaration({ forms: [{ companyId: '0206731645', persons: 1 }] }));
      await client.sign(names[0]);
      await client.write(names[2], '');
      await client.sftp(`${names.map((name) => `put ${name} IN/`).join('\n')}\n`);
      await eventually(async () => {
        const { names: placed } = await client.fetched();
        expect(placed.map((name) => name.slice(0, 7))).to.include.members(['FO.ACRF', 'FO.NOTI']);
        expect(await engine.db('messages').select('ticket')).to.have.length(1);
        expect(await engine.db('outbox').select('id')).to.deep.equal([]);
      }, 30_000);
      expect(await Promise.all(processes.map((child) => end(child, 'SIGTERM')))).to.deep.equal([0, 0, 0]);
    });
  });
}

async function started(child: ChildProcess): Promise<void> {
  const pieces: string[] = [];
  child.stdout?.on('data', (piece) => pieces.push(String(piece)));
  await eventually(() => expect(pieces.join('')).to.include('engine started'), 60_000);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill(signal);
    await once(child, 'exit');
  }
  return child.exitCode;
}
