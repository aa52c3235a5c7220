import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { expect } from 'chai';
import { REGISTRY_V2, REGISTRY_V3 } from '../../channels/webservice/ebox/paths.ts';
import { bode } from '../support/command-line.ts';
import { aPublication, type Ebox, jsonOf, startEbox } from '../support/ebox.ts';
import { eventually } from '../support/eventually.ts';
import { numbersIn, startWebhookServer, type WebhookServer } from '../support/webhook-server.ts';

const WITHIN_MS = 30_000;
const PATH = `${REGISTRY_V3}/ebox/webhooks`;

describe('webhooks of owners, over HTTPS', function () {
  this.timeout(120_000);
  let ebox: Ebox;
  let server: WebhookServer;
  before(async () => {
    server = await startWebhookServer();
    const webhooks = { allowPrivate: ['127.0.0.0/8', '::1'], ca: server.caFile };
    ebox = await startEbox({ config: { webhooks } });
  });
  after(async () => {
    await ebox?.stop();
    await server?.stop();
  });

  const list = async () => jsonOf(await ebox.call(PATH)).items;

  /** What the description that is served says of a request as it came, and is not so. */
  async function faultsOf({ headers, body }: WebhookServer['told'][number]): Promise<unknown[]> {
    const { paths } = jsonOf(await ebox.call(`${REGISTRY_V3}/openapi.json`));
    const { parameters, requestBody } = paths[PATH].post.callbacks.event['{$request.body#/url}'].post;
    expect(Object.keys(requestBody.content)).to.deep.equal([headers['content-type']]);
    const ajv = new Ajv({ allErrors: true });
    addFormats.default(ajv);
    ajv.validate(requestBody.content['application/cloudevents+json'].schema, JSON.parse(body));
    expect(parameters).to.have.length(3);
    const missing = parameters.filter(({ name }: { name: string }) => headers[name] === undefined);
    return [...missing, ...(ajv.errors ?? [])];
  }

  /** An event that was given up is shown by the command line and sent again by it. */
  async function replays(webhook: string, sequence: string): Promise<void> {
    const run = async (...args: string[]) => {
      const ran = await bode(['webhooks', ...args, '--config', ebox.engine.configFile], ebox.engine.dir);
      return ran.status === 0 ? ran.stdout : `${ran.status}: ${ran.stderr}`;
    };
    const letters = async () => JSON.parse(await run('dead', 'list', '--json')).items;
    const row = { webhook, sequence: Number(sequence), at: new Date().toISOString(), answer: 'HTTP 400' };
    await ebox.engine.db('webhook_letters').insert(row);
    const [letter] = await letters();
    expect(letter).to.include({ webhook, sequence: Number(sequence), answer: 'HTTP 400' });
    expect(await run('dead', 'replay', '999')).to.equal('1: no letter 999\n');
    expect(await run('dead', 'replay')).to.match(/^2: /);
    server.told.length = 0;
    expect(await run('dead', 'replay', String(letter.id))).to.equal('1 to be sent again by the scheduler\n');
    await eventually(async () => expect(await letters()).to.deep.equal([]), WITHIN_MS);
    expect(numbersIn(server.told)).to.deep.equal([Number(sequence)]);
    expect(await run('remove', 'another')).to.equal('1: no webhook another\n');
  }

  it('refuses URLs that are not https or not public, and events that there are not', async () => {
    const urls = [
      ...['http://example.be/', 'https://10.0.0.1/', 'https://[::ffff:10.0.0.1]/', 'https://0x0a000001/'],
      ...['https://169.254.169.254/', 'https://u:p@example.be/', 'https://example.be/#x', 'ftp://example.be/', 'no'],
    ];
    for (const url of urls) expect((await ebox.send(PATH, { url })).status, url).to.equal(400);
    const url = 'https://example.be/';
    for (const eventTypes of [[], ['anything'], ['readDocument', 'readDocument']])
      expect((await ebox.send(PATH, { url, eventTypes })).status).to.equal(400);
    expect((await ebox.send(PATH, { url, secret: 'mine' })).status).to.equal(400);
    expect(await list()).to.deep.equal([]);
  });

  it('tells of a message, shows the secret once, and is taken away', async () => {
    const made = await ebox.send(PATH, { url: server.url, eventTypes: ['newDocument'] });
    expect(made.status, made.body).to.equal(201);
    const { secret, ...webhook } = jsonOf(made);
    expect(secret).to.match(/^whsec_/);
    expect(await list()).to.deep.equal([webhook]);
    const letter = { upfile1: 'letter.pdf;type=application/pdf' };
    const published = await ebox.publish(`${REGISTRY_V2}/publishMessage`, aPublication(), letter);
    const told = await eventually(() => {
      const [first] = server.told;
      if (!first) throw new Error('nothing was told');
      return first;
    }, WITHIN_MS);
    expect(JSON.parse(told.body).data).to.include({ messageId: jsonOf(published).messageId, eventType: 'newDocument' });
    expect(await faultsOf(told)).to.deep.equal([]);
    const config = ['--config', ebox.engine.configFile];
    const shown = JSON.parse((await bode(['webhooks', 'list', '--json', ...config], ebox.engine.dir)).stdout).items;
    expect(shown).to.have.length(1);
    expect(JSON.stringify(shown)).to.contain(webhook.webhookId).and.not.contain('whsec_');
    await replays(webhook.webhookId, JSON.parse(told.body).id);
    const remove = async (id: string) => (await ebox.call(`${PATH}/${id}`, '-X', 'DELETE')).status;
    expect([await remove('another'), await remove(webhook.webhookId), await remove(webhook.webhookId)]).to.deep.equal([
      ...[404, 204, 404],
    ]);
    expect(await list()).to.deep.equal([]);
  });
});
