import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { spawnBode } from '../support/command-line.ts';
import { type PreparedEngine, prepareEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient, type TestClient } from '../support/sender.ts';
import { type PreparedSet, prepareSet } from '../support/sets.ts';
import { type WebClient, webClient } from '../support/web.ts';

describe('the web service when the engine is killed', function () {
  this.timeout(120_000);
  let engine: PreparedEngine;
  let client: TestClient;
  let web: WebClient;
  let child: ChildProcess;

  async function start(): Promise<void> {
    child = spawnBode(['start'], engine.dir);
    child.stdout?.resume();
    await eventually(() => web.bearer(), 30_000);
  }

  async function kill(): Promise<void> {
    if (child.signalCode !== null || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  before(async () => {
    const port = await freePort();
    engine = await prepareEngine({ webservice: { port }, senders: [{ channels: ['sftp', 'webservice'] }] });
    client = await openClient(engine);
    web = webClient(port, client.dir, engine.pki.sender.key);
    await start();
  });
  after(async () => {
    await kill();
    await engine.remove();
  });

  async function submit({ fi, fs, go }: PreparedSet): Promise<string> {
    const files = [fi, fs, go].flatMap((name) => ['-F', `file=@${name}`]);
    const sent = await web.curl('/REST/batch/v1/submissions', ...(await web.bearer()), ...files);
    expect(sent.status, sent.body).to.equal(201);
    return JSON.parse(sent.body).ticket;
  }

  it('has every submission whose ticket it gave, gives the same ticket again, and each gets one receipt', async () => {
    const sets: PreparedSet[] = [];
    for (let at = 1; at <= 12; at += 1) sets.push(await prepareSet(client, { sequence: String(at).padStart(5, '0') }));
    const tickets = new Map<string, string>();
    const sending = (async () => {
      for (const set of sets) tickets.set(set.stem, await submit(set));
    })().catch(() => undefined); // it is cut off
    await eventually(() => expect(tickets.size).to.be.greaterThan(4), 30_000);
    await kill();
    await sending;
    await start();
    for (const set of sets) {
      const ticket = await submit(set);
      expect(ticket).to.equal(tickets.get(set.stem) ?? ticket);
      tickets.set(set.stem, ticket);
    }
    expect(new Set(tickets.values()).size).to.equal(sets.length);
    await eventually(async () => {
      const rows = await engine.db('submissions').select('ticket', 'state', 'result_code');
      expect(rows.map(({ ticket }) => ticket)).to.have.members([...tickets.values()]);
      for (const row of rows) expect(row).to.include({ state: 'handled', result_code: 1 });
      expect(await engine.db('deliveries').where({ goal: 'ACRF' })).to.have.length(sets.length);
    }, 60_000);
  });
});
