import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { createWebhookSender, type WebhookOptions } from '../../channels/webhook/post.ts';
import { packageRoot } from '../../config/package-root.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { publicOr } from '../../engine/core/private-addresses.ts';
import { addMailboxEvent, type MailboxEvent, numberEvents } from '../../engine/mailboxes/events.ts';
import { addWebhook, allWebhooks, removeWebhook, type Webhook } from '../../engine/mailboxes/webhooks.ts';
import { deliverWebhooks } from '../../engine/outbound/deliver-webhooks.ts';
import { webhookFails, webhookLettersWait } from '../../engine/outbound/webhook-conditions.ts';
import { askReplay, webhookLetters } from '../../engine/outbound/webhook-letters.ts';
import type { Db } from '../../engine/store/database.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { openTestStore, STORES, type StoreKind } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { openssl, temporaryDir } from '../support/pki.ts';
import { numbersIn, startWebhookServer, type WebhookServer } from '../support/webhook-server.ts';

const OWNER = '0206731645';
const OTHER = '0403019261';
const START = new Date('2026-06-01T10:00:00Z');
const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const LOOPBACK = ['127.0.0.0/8', '::1'];

for (const kind of STORES) contract(kind);

/** What both stores must do alike with events that are told over HTTPS, to a real server. */
function contract(kind: StoreKind): void {
  describe(`webhooks contract: ${kind}`, () => {
    let db: Db;
    let url: string;
    let close: () => Promise<void>;
    let server: WebhookServer;
    let now = START;
    before(async () => {
      server = await startWebhookServer();
    });
    after(() => server.stop());
    beforeEach(async () => {
      now = START;
      server.told.length = 0;
      server.answer = (response) => response.writeHead(204).end();
      ({ db, url, close } = await openTestStore(kind));
    });
    afterEach(() => close());

    const wait = (ms: number) => {
      now = new Date(now.getTime() + ms);
    };
    async function tell(...ids: string[]) {
      for (const messageId of ids) await tellOf({ messageId });
      await numberEvents(db);
    }
    const tellOf = (about: Partial<MailboxEvent>) => {
      const event = { eventType: 'newDocument', enterpriseId: OWNER, registeredMail: false, messageId: 'm' } as const;
      const subject = { nl: 'Loonbeslag' }; // is told to nobody
      const dates = { receiptDate: START.toISOString(), expirationDate: '2026-12-01T10:00:00.000Z' };
      return addMailboxEvent(db, { ...event, ...dates, subject, ...about }, { provider: 'bode', at: now });
    };
    const add = (with_: Partial<Webhook> = {}) => {
      const wanted = {
        organisation: OWNER,
        url: server.url,
        types: ['newDocument', 'readDocument'] as const,
        ...with_,
      };
      return inTransaction(db, (tx) => addWebhook(tx, wanted, { who: 'tester', now }));
    };
    const postOf = (with_: Partial<WebhookOptions> = {}) =>
      createWebhookSender({ mayConnect: publicOr(LOOPBACK), answerWithinMs: 5_000, ca: server.ca, ...with_ }).post;
    const deliver = (with_: Partial<WebhookOptions> = {}, post = postOf(with_)) =>
      deliverWebhooks({ db, clock: () => now, log: silentLogger(), post, feed: 'bode', giveUpMs: DAY_MS });
    const failure = async () => (await allWebhooks(db, 1))[0]?.lastFailure;
    const audited = (what: string) => db('audit').where({ what }).orderBy('id').pluck('outcome');

    it('tells the owner of what came since it asked, in order, and of nothing else', async () => {
      await tell('before');
      await add();
      await tell('m-1', 'm-2');
      await tellOf({ messageId: 'reminded', eventType: 'newDocumentReminder' });
      await tellOf({ messageId: 'not yours', enterpriseId: OTHER });
      await tell('m-3');
      expect(await deliver()).to.equal(3);
      expect(server.told.map(({ body }) => JSON.parse(body).subject)).to.deep.equal(['m-1', 'm-2', 'm-3']);
      expect(await deliver()).to.equal(0);
      await tell('m-4');
      expect(await deliver()).to.equal(1);
      expect(JSON.parse(server.told.at(-1)?.body ?? '')).to.deep.equal({
        ...{ specversion: '1.0', id: '7', source: 'urn:bode:events:bode', type: 'bode.mailbox.newDocument' },
        ...{ subject: 'm-4', time: '2026-06-01T10:00:00Z', datacontenttype: 'application/json', eventprovider: 'bode' },
        data: {
          ...{ eventType: 'newDocument', enterpriseId: OWNER, messageId: 'm-4', registeredMail: false },
          ...{ receiptDate: '2026-06-01T10:00:00Z', expirationDate: '2026-12-01T10:00:00Z' },
        },
      });
    });

    it('signs so that openssl says the same', async () => {
      const { id, secret } = await add();
      await tell('m-1');
      await deliver();
      const [told] = server.told;
      expect(secret).to.match(/^whsec_[\w+/]{43}=$/);
      expect(told?.headers).to.include({ 'content-type': 'application/cloudevents+json', 'webhook-id': `${id}_1` });
      expect(told?.headers['webhook-timestamp']).to.equal(String(START.getTime() / 1_000));
      const { dir, remove } = await temporaryDir();
      const file = join(dir, 'signed');
      await writeFile(file, `${id}_1.${told?.headers['webhook-timestamp']}.${told?.body}`);
      const key = Buffer.from(secret.slice('whsec_'.length), 'base64').toString('hex');
      const mac = await openssl(['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${key}`, '-binary', file]);
      await remove();
      expect(told?.headers['webhook-signature']).to.equal(`v1,${mac.toString('base64')}`);
    });

    it('sends again under the same id what was not taken, ever more seldom, and nothing that comes after it', async () => {
      await add();
      await tell('m-1', 'm-2');
      server.answer = (response) => response.writeHead(503).end('later');
      const pauses = [];
      for (let attempt = 0; attempt < 6; attempt += 1) {
        expect(await deliver()).to.equal(0);
        const [row] = await db('webhooks').select('due_at', 'attempts');
        expect(row.attempts).to.equal(attempt + 1);
        pauses.push(Date.parse(row.due_at) - now.getTime());
        expect(await deliver(), 'it is not due').to.equal(0);
        now = new Date(row.due_at);
      }
      expect(new Set(numbersIn(server.told))).to.deep.equal(new Set([1]));
      expect(new Set(server.told.map(({ headers }) => headers['webhook-id'])).size).to.equal(1);
      expect(server.told).to.have.length(6);
      for (const [at, pause] of pauses.entries()) expect(pause).to.be.within(5_000 * 2 ** at, 6_250 * 2 ** at);
      expect(await failure()).to.equal('HTTP 503');
      server.answer = (response) => response.writeHead(200).end();
      expect(await deliver()).to.equal(2);
      expect((await allWebhooks(db, 1))[0])
        .to.include({ attempts: 0, lastSequence: 2 })
        .and.not.property('lastFailure');
    });

    it('loses nothing when it is killed in the middle', async () => {
      await add();
      const ids = Array.from({ length: 12 }, (_, at) => `m-${at + 1}`);
      await tell(...ids);
      for (const fatal of [3, 7]) {
        const before = server.told.length;
        server.answer = (response, told) => {
          if (numbersIn([told])[0] !== fatal) response.writeHead(204).end(); // else it waits, and is killed
        };
        const sender = startSender(url, server.ca);
        await eventually(() => expect(numbersIn(server.told.slice(before)).at(-1)).to.equal(fatal), 30_000);
        sender.kill('SIGKILL');
        await once(sender, 'exit');
      }
      server.answer = (response) => response.writeHead(204).end();
      now = new Date(); // the processes have clocks of their own
      await deliver();
      expect(numbersIn(server.told)).to.deep.equal([1, 2, 3, 3, 4, 5, 6, 7, 7, 8, 9, 10, 11, 12]);
      const twice = server.told.filter(({ body }) => JSON.parse(body).id === '3');
      expect(new Set(twice.map(({ headers }) => headers['webhook-id'])).size).to.equal(1);
    });

    it('gives up after a time, goes on with what is younger, and sends letters again when asked', async () => {
      const { id } = await add();
      server.answer = (response) => response.writeHead(400).end();
      await tell('m-1', 'm-2');
      await deliver();
      expect(await webhookFails().find(db, now)).to.deep.equal([]);
      wait(DAY_MS / 2);
      await tell('m-3');
      await deliver();
      expect((await webhookFails().find(db, now)).map(({ subject }) => subject)).to.deep.equal([id]);
      expect(await webhookLetters(db, { after: 0, limit: 9 })).to.deep.equal([]);
      wait(DAY_MS / 2);
      await deliver();
      const letters = await webhookLetters(db, { after: 0, limit: 9 });
      expect(letters.map(({ sequence, answer }) => [sequence, answer])).to.deep.equal([
        [1, 'HTTP 400'],
        [2, 'HTTP 400'],
      ]);
      expect((await webhookLettersWait.find(db, now)).map(({ subject }) => subject)).to.deep.equal([id]);
      expect(await audited('webhook events given up')).to.deep.equal(['given up']);
      server.told.length = 0;
      const by = { who: 'tester', now };
      expect(await askReplay(db, { letter: letters[0]?.id ?? 0 }, by)).to.equal(1);
      await deliver(); // it is refused once more
      expect(numbersIn(server.told)).to.deep.equal([1]);
      expect((await webhookLetters(db, { after: 0, limit: 9 }))[0]).to.not.have.property('replayAt');
      server.answer = (response) => response.writeHead(204).end();
      wait(2 * 3_600_000);
      expect(await askReplay(db, { webhook: id }, by)).to.equal(2);
      expect(await deliver()).to.equal(3);
      expect(numbersIn(server.told)).to.deep.equal([1, 1, 2, 3]);
      expect(await webhookLetters(db, { after: 0, limit: 9 })).to.deep.equal([]);
      expect([await webhookFails().find(db, now), await webhookLettersWait.find(db, now)]).to.deep.equal([[], []]);
    });

    it('begins nothing any more when the process may not go on, and leaves what was taken as it is', async () => {
      await add();
      await tell('m-1', 'm-2', 'm-3');
      let steps = 0;
      const proceed = () => {
        steps += 1;
        if (steps > 2) throw new Error('somebody else leads now');
      };
      const deps = { db, clock: () => now, log: silentLogger(), post: postOf(), feed: 'bode', giveUpMs: DAY_MS };
      const end = await deliverWebhooks({ ...deps, proceed }).catch(({ message }) => message);
      expect(end).to.equal('somebody else leads now');
      expect(numbersIn(server.told)).to.deep.equal([1, 2]);
      await deliver();
      expect(numbersIn(server.told)).to.deep.equal([1, 2, 3]);
    });

    it('follows no redirect', async () => {
      await add();
      await tell('m-1');
      server.answer = (response) => response.writeHead(307, { location: `${server.url}/elsewhere` }).end();
      await deliver();
      expect(server.told.map(({ path }) => path)).to.deep.equal(['/hook']);
      expect(await failure()).to.equal('HTTP 307: redirects are not followed');
    });

    it('connects to no private address, whatever a name resolves to, and to the one that it looked at', async () => {
      await add();
      await tell('m-1');
      let resolved = 0;
      const resolve = (address: string) => async () => {
        resolved += 1;
        return [{ address, family: 4 }];
      };
      for (const address of ['127.0.0.1', '10.1.2.3', '169.254.169.254', '192.168.1.1', '100.64.0.1', '0.0.0.0']) {
        await deliver({ mayConnect: publicOr([]), resolve: resolve(address) });
        expect(await failure(), address).to.equal('resolves to a private address');
        wait(3_600_000);
      }
      expect(server.told).to.deep.equal([]);
      resolved = 0;
      expect(await deliver({ resolve: resolve('127.0.0.1') })).to.equal(1);
      expect(resolved, 'nobody resolves it a second time').to.equal(1);
    });

    it('waits for no answer longer than it may, and reads no more of one than it needs', async () => {
      await add();
      await tell('m-1', 'm-2');
      server.answer = () => undefined;
      await deliver({ answerWithinMs: 200 });
      expect(await failure()).to.equal('no answer within 200 ms');
      wait(3_600_000);
      const endless = Buffer.alloc(16_384);
      server.answer = (response) => {
        response.writeHead(200);
        const more = () => response.writable && response.write(endless, (error) => !error && more());
        more();
      };
      expect(await deliver()).to.equal(2);
    });

    it('goes on over the same connection, and over another when the server ends it as it is used again', async () => {
      await add();
      await tell('m-1', 'm-2', 'm-3');
      const before = server.connections();
      let came = 0;
      server.answer = (response) => {
        came += 1;
        if (came === 2) response.socket?.destroy();
        else response.writeHead(204).end();
      };
      expect(await deliver()).to.equal(3);
      expect([server.connections() - before, came]).to.deep.equal([2, 4]);
      expect(numbersIn(server.told)[1]).to.equal(numbersIn(server.told)[2]);
      expect(await failure()).to.equal(undefined);
    });

    it('trusts no server but one with a certificate for its name', async () => {
      await add();
      await tell('m-1');
      await deliver({ ca: undefined } as never);
      expect(await failure()).to.match(/certificate/);
      expect(server.told).to.deep.equal([]);
    });

    it('keeps nobody waiting for one that does not answer', async () => {
      const silent = createServer((socket) => socket.on('error', () => undefined).resume()); // hears, and says nothing
      silent.listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const { port } = silent.address() as { readonly port: number };
      for (let at = 0; at < 5; at += 1) await add({ url: `https://localhost:${port}/` });
      await add();
      await tell('m-1');
      const delivered = deliver({ answerWithinMs: 2_000 });
      await eventually(() => expect(numbersIn(server.told)).to.deep.equal([1]), 1_500);
      expect(await delivered).to.equal(1);
      await new Promise((resolve) => silent.close(resolve));
    });

    it('has at most ten for an organisation, and forgets one with its letters', async () => {
      const first = await add();
      const more = await Promise.allSettled(Array.from({ length: 15 }, () => add()));
      expect(more.filter(({ status }) => status === 'fulfilled')).to.have.length(9);
      const letter = { webhook: first.id, sequence: 1, at: now.toISOString(), answer: 'HTTP 400' };
      await db('webhook_letters').insert(letter);
      expect(await add().catch(({ code }) => code)).to.equal('limit_exceeded');
      const remove = (organisation: string) =>
        inTransaction(db, (tx) => removeWebhook(tx, { id: first.id, organisation }, { who: 'tester', now }));
      expect([await remove(OTHER), await remove(OWNER), await remove(OWNER)]).to.deep.equal([false, true, false]);
      expect(await webhookLetters(db, { after: 0, limit: 9 })).to.deep.equal([]);
      expect(JSON.stringify(await db('audit').select()))
        .to.not.contain('whsec_')
        .and.not.contain('/hook');
    });
  });
}

function startSender(store: string, ca: string): ChildProcess {
  const program = join(packageRoot(), 'dist/test/support/webhook-process.js');
  return fork(program, { env: { ...process.env, WEBHOOK_STORE: store, WEBHOOK_CA: ca }, stdio: 'ignore' });
}
