import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { run } from '../../scripts/demonstration/command.ts';
import { freePort } from '../../scripts/demonstration/engine.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { openClient, type TestClient } from '../support/sender.ts';
import { type PreparedSet, prepareSet } from '../support/sets.ts';
import { CLIENT, type WebAnswer, type WebClient, webClient } from '../support/web.ts';

// compiled tests lie one directory further down than their sources
const SCRIPT = fileURLToPath(new URL('../../../test/clients/webservice-client.sh', import.meta.url));

describe('the web service with real clients', function () {
  this.timeout(120_000);
  let engine: TestEngine;
  let client: TestClient;
  let web: WebClient;
  let auth: string[];

  before(async () => {
    const port = await freePort();
    engine = await startEngine({ webservice: { port }, senders: [{ channels: ['sftp', 'webservice'] }] });
    client = await openClient(engine);
    web = webClient(port, client.dir, engine.pki.sender.key);
    auth = await web.bearer();
  });
  after(() => engine.stop());

  const submit = (files: readonly string[], ...args: string[]) =>
    web.curl('/REST/batch/v1/submissions', ...auth, ...files.flatMap((file) => ['-F', `file=@${file}`]), ...args);
  const json = ({ body }: WebAnswer) => JSON.parse(body);
  const statusOf = (ticket: string, ...args: string[]) =>
    web.curl(`/REST/batch/v1/submissions/${ticket}`, ...auth, ...args);
  const filesOf = ({ fi, fs, go }: PreparedSet) => [fi, fs, go];

  async function answered(ticket: string) {
    return eventually(async () => {
      const status = json(await statusOf(ticket, '-H', 'Prefer: wait=10'));
      expect(status.receipt.file).to.be.a('string');
      expect(status.notifications).to.have.length(1);
      return status;
    }, 30_000);
  }

  it('serves a client that was written from its description alone: token, submission, answers, fetched and gone', async () => {
    const set = await prepareSet(client, { sequence: '00001' });
    const out = join(client.dir, 'answers');
    await mkdir(out);
    const files = filesOf(set).map((name) => join(client.dir, name));
    const said = await run(SCRIPT, [web.url, CLIENT, engine.pki.sender.key, out, ...files]);
    expect(said).to.match(/^ticket [0-9A-Z]{13}$/m);
    const names = await readdir(out);
    expect(names.map((name) => name.slice(0, 7)).sort()).to.deep.equal([
      'FO.ACRF',
      'FO.NOTI',
      'FS.ACRF',
      'FS.NOTI',
      'GO.ACRF',
      'GO.NOTI',
    ]);
    const receipt = await readFile(join(out, names.find((name) => name.startsWith('FO.ACRF'))!), 'utf8');
    expect(receipt).to.include(`<FileName>${set.go}</FileName>`).and.include('<ResultCode>1</ResultCode>');
    expect(json(await web.curl('/REST/batch/v1/out', ...auth)).items).to.deep.equal([]);
  });

  it('takes the parts in any order, makes the GO itself, and gives the same receipt as SFTP', async () => {
    const [one, other] = [
      await prepareSet(client, { sequence: '00002' }),
      await prepareSet(client, { sequence: '00003' }),
    ];
    const accepted = await submit([one.go, one.fs, one.fi]);
    expect(accepted.status, accepted.body).to.equal(201);
    const { ticket, href } = json(accepted);
    expect(accepted.headers['location']).to.equal(href).and.to.equal(`/REST/batch/v1/submissions/${ticket}`);
    const status = await answered(ticket);
    expect(status).to.include({ stem: one.stem, channel: 'webservice', environment: 'R', state: 'handled' });
    expect(status.receipt).to.include({ resultCode: 1 });
    expect(status.forms.map(({ outcome }: { outcome: string }) => outcome)).to.deep.equal(['accepted']);
    const made = json(await submit([other.fi, other.fs]));
    await answered(made.ticket);
    const third = await prepareSet(client, { sequence: '00004' });
    await client.sftp(third.batch);
    const receipts = await eventually(async () => {
      const all = await client.receipts();
      expect([...all.keys()]).to.include.members([one.go, other.go, third.go]);
      return all;
    }, 30_000);
    const plain = (go: string) => ({ ...receipts.get(go), file: '', fileName: '', ticket: '' });
    expect(plain(one.go)).to.deep.equal(plain(third.go));
    expect(plain(other.go)).to.deep.equal(plain(third.go));
  });

  it('answers the same files with the same ticket, and does nothing twice under an idempotency key', async () => {
    const [set, second] = [
      await prepareSet(client, { sequence: '00005' }),
      await prepareSet(client, { sequence: '00006' }),
    ];
    const key = ['-H', 'Idempotency-Key: request-1'];
    const first = json(await submit(filesOf(set), ...key));
    expect(json(await submit(filesOf(set), ...key)).ticket).to.equal(first.ticket);
    expect(json(await submit(filesOf(set))).ticket).to.equal(first.ticket);
    const reused = await submit(filesOf(second), ...key);
    expect([reused.status, json(reused).type]).to.deep.equal([422, 'urn:problem-type:belgif:keyReused']);
    const story = await engine.db('events').where({ ticket: first.ticket, what: 'repeated' });
    expect(story).to.have.length(1); // by the request without a key
    expect(await engine.db('submissions').where({ stem: second.stem })).to.deep.equal([]);
  });

  it('tells a client that has seen everything so in no bytes, or waits until there is more', async () => {
    const set = await prepareSet(client, { sequence: '00007' });
    const { ticket } = json(await submit(filesOf(set)));
    await answered(ticket);
    const { headers } = await statusOf(ticket);
    const same = ['-H', `If-None-Match: ${headers['etag']}`];
    expect(await statusOf(ticket, ...same)).to.include({ status: 304, body: '' });
    const list = await web.curl('/REST/batch/v1/out', ...auth);
    const waiting = web.curl(
      '/REST/batch/v1/out',
      ...auth,
      '-H',
      `If-None-Match: ${list.headers['etag']}`,
      '-H',
      'Prefer: wait=30',
    );
    const next = await prepareSet(client, { sequence: '00008' });
    await submit(filesOf(next));
    const news = await waiting;
    expect(news.status).to.equal(200);
    expect(json(news).items.length).to.be.greaterThan(json(list).items.length);
    expect(news.headers['preference-applied']).to.equal('wait=30');
  });

  it('gives a file whole and in parts, refuses a part that is not there, and lists in pages', async () => {
    const { items } = json(await web.curl('/REST/batch/v1/out?pageSize=2', ...auth));
    expect(items).to.have.length(2);
    const { next } = json(await web.curl('/REST/batch/v1/out?pageSize=1', ...auth));
    expect(json(await web.curl(next, ...auth)).items[0].name).to.equal(items[1].name);
    const [{ href, size }] = items;
    const whole = await web.curl(href, ...auth);
    expect(Buffer.byteLength(whole.body)).to.equal(size);
    expect(whole.headers).to.include({ 'x-content-type-options': 'nosniff', 'accept-ranges': 'bytes' });
    const part = await web.curl(href, ...auth, '-H', 'Range: bytes=5-14');
    expect([part.status, part.body, part.headers['content-range']]).to.deep.equal([
      206,
      whole.body.slice(5, 15),
      `bytes 5-14/${size}`,
    ]);
    const end = await web.curl(href, ...auth, '-H', 'Range: bytes=-4', '-H', `If-Range: ${whole.headers['etag']}`);
    expect(end.body).to.equal(whole.body.slice(-4));
    const beyond = await web.curl(href, ...auth, '-H', `Range: bytes=${size}-`);
    expect([beyond.status, beyond.headers['content-range']]).to.deep.equal([416, `bytes */${size}`]);
    const gone = await web.curl('/REST/batch/v1/out/FO.NONE', ...auth);
    expect([gone.status, gone.headers['content-type']]).to.deep.equal([404, 'application/problem+json']);
  });

  it('names each answer for support, and its question', async () => {
    const { headers } = await web.curl('/REST/batch/v1/out', ...auth, '-H', 'BelGov-Trace-Id: mine-1');
    expect(headers['belgov-trace-id']).to.match(/^[\w-]{1,36}$/);
    expect(headers['belgov-related-trace-id']).to.equal('mine-1');
    expect(Number(headers['ratelimit-remaining'])).to.be.greaterThan(0);
  });

  it('says of a token what it is good for, to whom it belongs', async () => {
    const token = auth[1]!.replace('Authorization: Bearer ', '');
    const answer = json(await web.curl('/REST/oauth/v5/introspect', ...auth, '--data-urlencode', `token=${token}`));
    expect(answer).to.include({ active: true, client_id: CLIENT, scope: 'bode:batch:send bode:batch:fetch' });
    expect(answer['urn:be:fgov:kbo-bce:organization:cbe-number']).to.equal('0206731645');
    expect(json(await web.curl('/REST/oauth/v5/introspect', ...auth, '-d', 'token=x'))).to.deep.equal({
      active: false,
    });
  });

  it('refuses names that do not fit, and leaves nothing behind of a request that it refuses', async () => {
    await writeFile(join(client.dir, 'odd'), 'x');
    const before = await engine.db('folder_files').where('folder', 'like', 'IN%').pluck('name');
    for (const name of ['../FI.A', 'FI', 'FI.DMFA.123456.20260314.00001.X.1.1', '.x.y.z.a.R']) {
      const refused = await submit([], '-F', `file=@odd;filename="${name}"`);
      expect(refused.status, `${name}: ${refused.body}`).to.equal(400);
    }
    const set = await prepareSet(client, { sequence: '00009' });
    const half = await submit([set.fi], '-F', 'file=@odd;filename="bad"');
    expect(half.status).to.equal(400);
    expect(await engine.db('folder_files').where('folder', 'like', 'IN%').pluck('name')).to.deep.equal(before);
  });
});
