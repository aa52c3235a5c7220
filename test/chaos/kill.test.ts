import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { fileDate } from '../../engine/core/calendar.ts';
import { spawnBode } from '../support/command-line.ts';
import { aDeclaration } from '../support/declarations.ts';
import { type PreparedEngine, prepareEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient, type TestClient } from '../support/sender.ts';
import { servicesRequired, serviceUrl } from '../support/services.ts';

const SENDERS = 3;
const SETS_EACH = 12;
const KILLS = 6;

/** The engine in a process of its own, that is killed without warning and started again. */
function createVictim(engine: PreparedEngine) {
  let child: ChildProcess | undefined;
  async function start(): Promise<void> {
    child = spawnBode(['start', '--config', engine.configFile], engine.dir);
    child.stdout?.resume();
    child.stderr?.resume();
    await eventually(() => answers(engine.port), 30_000);
  }
  async function kill(signal: NodeJS.Signals): Promise<void> {
    const ended = child && child.exitCode === null ? once(child, 'exit') : undefined;
    child?.kill(signal);
    await ended;
  }
  return { start, kill };
}

async function answers(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

/** Sends a set again and again until its GO is acknowledged, as a sender's software does. */
async function sendUntilAcknowledged(client: TestClient, names: readonly string[]): Promise<void> {
  const batch = `${names.map((name) => `put ${name} IN/`).join('\n')}\n`;
  await eventually(() => client.sftp(batch), 60_000);
}

function suite(broker: string, brokerUrl: string): void {
  describe(`killed again and again while files come in (${broker})`, () => {
    let engine: PreparedEngine;
    before(async () => {
      engine = await prepareEngine({ brokerUrl });
    });
    after(() => engine?.remove());

    it('answers every acknowledged GO with exactly one receipt, one notification and one message', async function () {
      this.timeout(240_000);
      const victim = createVictim(engine);
      await victim.start();
      try {
        const clients = await Promise.all(Array.from({ length: SENDERS }, () => openClient(engine)));
        const sending = Promise.all(clients.map((client, at) => sendSets(client, at)));
        let done = false;
        void sending.finally(() => {
          done = true;
        });
        for (let kills = 0; kills < KILLS || !done; kills += 1) {
          await delay(300 + 211 * (kills % 5)); // the moment of the kill is what is varied here
          if (kills >= KILLS) continue;
          await victim.kill('SIGKILL');
          await victim.start();
        }
        const gos = (await sending).flat();
        await eventually(() => expectOneOfEach(engine, gos), 90_000);
      } finally {
        await victim.kill('SIGTERM');
      }
    });
  });
}

async function sendSets(client: TestClient, at: number): Promise<string[]> {
  const gos: string[] = [];
  for (let index = 1; index <= SETS_EACH; index += 1) {
    const stem = `DMFA.123456.${fileDate(new Date())}.${at + 1}${String(index).padStart(4, '0')}.R`;
    const names = [`FI.${stem}.1.1`, `FS.${stem}.1.1`, `GO.${stem}.1`];
    await client.write(names[0] ?? '', aDeclaration({ forms: [{ companyId: '0206731645', persons: 1 }] }));
    await client.sign(names[0] ?? '');
    await client.write(names[2] ?? '', '');
    await sendUntilAcknowledged(client, names);
    gos.push(`GO.${stem}.1`);
  }
  return gos;
}

async function expectOneOfEach(engine: PreparedEngine, gos: readonly string[]): Promise<void> {
  const submissions = await engine.db('submissions').select('ticket', 'stem', 'state');
  expect(submissions.map(({ stem }) => `GO.${stem}.1`).sort()).to.deep.equal([...gos].sort());
  expect(submissions.filter(({ state }) => state !== 'handled')).to.deep.equal([]);
  const placed = await engine.db('folder_files').where({ folder: 'OUT' }).select('name');
  const ofKind = (prefix: string) => placed.filter(({ name }) => name.startsWith(prefix));
  for (const kind of ['FO.ACRF', 'FS.ACRF', 'GO.ACRF', 'FO.NOTI', 'FS.NOTI', 'GO.NOTI']) {
    expect(ofKind(kind), kind).to.have.length(gos.length);
  }
  expect(await engine.db('messages').select('id')).to.have.length(gos.length);
  expect(await engine.db('outbox').select('id')).to.deep.equal([]);
  expect(await engine.db('folder_files').where({ folder: 'IN', state: 'complete' }).select('name')).to.deep.equal([]);
}

suite('embedded', 'embedded');
const rabbit = serviceUrl('TEST_AMQP_URL');
if (rabbit || servicesRequired()) suite('RabbitMQ', rabbit ?? 'amqp://TEST_AMQP_URL-is-missing');
