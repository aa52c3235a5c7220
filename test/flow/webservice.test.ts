import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { spawnBode } from '../support/command-line.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type PreparedEngine, prepareEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient, type TestClient } from '../support/sender.ts';
import { servicesRequired, serviceUrl } from '../support/services.ts';
import { prepareSet } from '../support/sets.ts';
import { type WebClient, webClient } from '../support/web.ts';

const NAME = 'https://batch.example.be'; // what clients call both processes
const AUDIENCE = { claims: { aud: `${NAME}/REST/oauth/v5/token` } };

const rabbit = serviceUrl('TEST_AMQP_URL');
if ((rabbit && serviceUrl('TEST_PG_URL')) || servicesRequired()) {
  describe('the web service in two processes, over PostgreSQL and RabbitMQ', function () {
    this.timeout(120_000);
    let database: TestDatabase;
    let engine: PreparedEngine;
    let client: TestClient;
    let processes: ChildProcess[];
    let one: WebClient;
    let other: WebClient;

    before(async () => {
      database = await createTestDatabase('postgres');
      const [first, second] = [await freePort(), await freePort()];
      engine = await prepareEngine({
        brokerUrl: rabbit ?? '',
        config: { store: { url: database.url } },
        webservice: { port: first, publicUrl: `${NAME}/` },
        senders: [{ channels: ['sftp', 'webservice'] }],
      });
      const options = ['--set', `channels.webservice.port=${second}`, '--set', 'channels.sftp.enabled=false'];
      processes = [
        spawnBode(['start', '--role', 'channels'], engine.dir),
        spawnBode(['start', '--role', 'channels', ...options], engine.dir),
        spawnBode(['start', '--role', 'worker'], engine.dir),
      ];
      for (const { stdout } of processes) stdout?.resume();
      client = await openClient(engine);
      one = webClient(first, client.dir, engine.pki.sender.key);
      other = webClient(second, client.dir, engine.pki.sender.key);
      for (const web of [one, other]) await eventually(() => web.curl('/REST/batch/v1/openapi.json'), 60_000);
    });
    after(async () => {
      for (const child of processes) {
        const gone = once(child, 'exit');
        if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await gone;
      }
      await engine.remove();
      await database.remove();
    });

    const tokenOf = async (web: WebClient) => {
      const { body } = await web.askToken(await web.assertion(AUDIENCE));
      return ['-H', `Authorization: Bearer ${JSON.parse(body).access_token}`];
    };

    it('takes an assertion in one of them only, whichever is quicker', async () => {
      for (let round = 0; round < 5; round += 1) {
        const assertion = await one.assertion(AUDIENCE);
        const answers = await Promise.all([one, other].map((web) => web.askToken(assertion)));
        expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 401]);
      }
    });

    it('takes the token of one in the other, and tells there what became of what was sent to the first', async () => {
      const auth = await tokenOf(one);
      const { fi, fs, go } = await prepareSet(client, { sequence: '00001' });
      const key = ['-H', 'Idempotency-Key: both'];
      const files = [fi, fs, go].flatMap((name) => ['-F', `file=@${name}`]);
      const sent = await one.curl('/REST/batch/v1/submissions', ...auth, ...key, ...files);
      const { ticket } = JSON.parse(sent.body);
      const again = await other.curl('/REST/batch/v1/submissions', ...auth, ...key, ...files);
      expect([again.status, JSON.parse(again.body).ticket]).to.deep.equal([201, ticket]);
      await eventually(async () => {
        const status = await other.curl(`/REST/batch/v1/submissions/${ticket}`, ...auth, '-H', 'Prefer: wait=10');
        expect(JSON.parse(status.body).receipt).to.include({ resultCode: 1 });
      }, 60_000);
      expect(await engine.db('submissions').pluck('ticket')).to.deep.equal([ticket]);
    });
  });
}
