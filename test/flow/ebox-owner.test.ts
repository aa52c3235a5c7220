import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { REGISTRY_V2, REGISTRY_V3 } from '../../channels/webservice/ebox/paths.ts';
import { removeMany } from '../../engine/mailboxes/remove.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { run } from '../../scripts/demonstration/command.ts';
import { aPublication, type Ebox, jsonOf, OWN, startEbox } from '../support/ebox.ts';
import { eventually } from '../support/eventually.ts';
import { headerOf, type MailServer, startMailServer, textOf } from '../support/mail-server.ts';

const WITHIN_MS = 20_000;
const ADDRESS = 'post@voorbeeld.example';
const LETTER = { upfile1: 'letter.pdf;type=application/pdf' };

describe('what owners choose and do, over HTTPS', function () {
  this.timeout(120_000);
  let ebox: Ebox;
  let mails: MailServer;

  before(async () => {
    mails = await startMailServer();
    const publishers = [{ organisation: OWN }];
    const messageTypes = {
      letter: { names: { nl: 'Brief' }, publishers, registered: true },
      survey: { names: { nl: 'Enquête' }, publishers, task: { within: { number: 14, unit: 'day' } } },
    };
    const mail = { smtp: mails.url, from: 'bode@kiosk.example', requireTls: false };
    ebox = await startEbox({ config: { messageTypes, mail } });
  });
  after(async () => {
    await ebox?.stop();
    await mails?.stop();
  });

  async function publish(about: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const answer = await ebox.publish(`${REGISTRY_V2}/publishMessage`, aPublication(about), LETTER);
    expect(answer.status, answer.body).to.equal(201);
    return jsonOf(answer).messageId;
  }
  const get = async (path: string) => {
    const answer = await ebox.call(REGISTRY_V3 + path);
    expect(answer.status, answer.body).to.equal(200);
    return jsonOf(answer);
  };
  const statusOf = async (method: string, path: string, body?: unknown) => {
    const json = ['-H', 'Content-Type: application/json', '--data-binary', JSON.stringify(body)];
    return (await ebox.call(REGISTRY_V3 + path, '-X', method, ...(body === undefined ? [] : json))).status;
  };

  it('shows tasks by the day they are due, and notes once that one is done', async () => {
    const id = await publish({ messageTypeId: 'survey' });
    const letter = await publish();
    const [task, ...others] = (await get('/ebox/tasks?state=open')).items;
    expect(others).to.deep.equal([]);
    expect(task).to.include({ messageId: id, messageTypeId: 'survey', partition: 'GENERAL', state: 'open' });
    const days = (Date.parse(task.dueDate) - Date.now()) / 86_400_000;
    expect(days).to.be.within(13.9, 14);
    expect((await get('/ebox/tasks?partition=ELSEWHERE')).items).to.deep.equal([]);
    expect(await statusOf('PATCH', `/ebox/messages/${id}/task`, { state: 'open' })).to.equal(400);
    expect(await statusOf('PATCH', `/ebox/messages/${id}/task`, { state: 'done' })).to.equal(204);
    expect(await statusOf('PATCH', `/ebox/messages/${id}/task`, { state: 'done' })).to.equal(409);
    expect(await statusOf('PATCH', `/ebox/messages/${letter}/task`, { state: 'done' })).to.equal(409);
    expect(await statusOf('PATCH', '/ebox/messages/none/task', { state: 'done' })).to.equal(404);
    const [done] = (await get('/ebox/tasks')).items;
    expect(done).to.include({ messageId: id, state: 'done' }).and.to.have.property('doneDate');
    const audited = await ebox.engine.db('audit').where({ what: 'task done', subject: id });
    expect(audited).to.have.length(1);
  });

  it('routes what arrives from then on into the partitions that its owner wants', async () => {
    const rules = [{ priority: 1, messageTypeId: 'survey', partition: 'ENQUETES' }];
    const twice = [...rules, ...rules];
    expect(await statusOf('PUT', '/ebox/routingRules', { items: twice })).to.equal(400);
    expect((await get('/ebox/routingRules')).items).to.deep.equal([]);
    expect(await statusOf('PUT', '/ebox/routingRules', { items: rules })).to.equal(200);
    expect((await get('/ebox/routingRules')).items).to.deep.equal(rules);
    const id = await publish({ messageTypeId: 'survey' });
    expect((await get(`/ebox/messages/${id}`)).partition).to.equal('ENQUETES');
    expect((await get('/ebox/tasks?partition=ENQUETES')).items).to.have.length(1);
    expect((await get(`/ebox/messages/${await publish()}`)).partition).to.equal('GENERAL');
  });

  it('sends mails to an address once it is confirmed by the code it got, and shows it until it is taken away', async () => {
    const wanted = { address: ADDRESS, language: 'fr' };
    expect(await statusOf('POST', '/ebox/mailAddresses', { ...wanted, address: 'a@b.be\r\nBcc: x@y.be' })).to.equal(
      400,
    );
    expect(await statusOf('POST', '/ebox/mailAddresses', wanted)).to.equal(202);
    expect(await statusOf('POST', '/ebox/mailAddresses', wanted), 'asked just now').to.equal(413);
    expect((await get('/ebox/mailAddresses')).items).to.deep.equal([{ ...wanted, owner: false, confirmed: false }]);
    const mail = await eventually(async () => {
      const found = mails.received.find(({ to }) => to.includes(ADDRESS));
      if (!found) throw new Error('no mail came');
      return found;
    }, WITHIN_MS);
    expect(headerOf(mail, 'Content-Language')).to.equal('fr');
    const [, token = ''] = /code : ([\w-]{22})\./.exec(textOf(mail)) ?? [];
    expect(await statusOf('POST', '/ebox/mailAddresses/confirm', { token: 'another' })).to.equal(400);
    expect(await statusOf('POST', '/ebox/mailAddresses/confirm', { token })).to.equal(204);
    expect(await statusOf('POST', '/ebox/mailAddresses/confirm', { token })).to.equal(400);
    expect((await get('/ebox/mailAddresses')).items).to.deep.equal([{ ...wanted, owner: false, confirmed: true }]);
    expect(await statusOf('DELETE', `/ebox/mailAddresses/${ADDRESS}`)).to.equal(204);
    expect(await statusOf('DELETE', `/ebox/mailAddresses/${ADDRESS}`)).to.equal(404);
    expect((await get('/ebox/mailAddresses')).items).to.deep.equal([]);
  });

  it('proves registered mail to its owner and its publisher, with signatures that openssl verifies', async () => {
    const id = await publish({ registeredMail: true });
    const plain = await publish();
    expect(await statusOf('GET', `/ebox/messages/${plain}/proofs`)).to.equal(404);
    const before = await get(`/ebox/messages/${id}/proofs`);
    expect(before).to.have.keys('dispatch');
    expect(await statusOf('GET', `/ebox/messages/${id}/attachments/1/content`)).to.equal(200);
    const proofs = await get(`/ebox/messages/${id}/proofs?recipient=${OWN}`);
    for (const [kind, root] of [
      ['dispatch', 'proofOfDispatch'],
      ['reading', 'receiptOfReading'],
    ] as const) {
      const { document, signature } = proofs[kind];
      await writeFile(join(ebox.engine.dir, `${kind}.json`), Buffer.from(document, 'base64'));
      await writeFile(join(ebox.engine.dir, `${kind}.p7s`), Buffer.from(signature, 'base64'));
      const certificate = join(ebox.engine.config.dataDir, 'pki', 'engine.pem');
      const files = ['-in', `${kind}.p7s`, '-content', `${kind}.json`, '-CAfile', certificate];
      const args = ['cms', '-verify', '-binary', '-inform', 'DER', '-purpose', 'any', ...files];
      const verified = JSON.parse(await run('openssl', args, { cwd: ebox.engine.dir }));
      expect(verified[root]).to.include({ messageId: id });
    }
    expect(await statusOf('GET', `/ebox/messages/${id}/proofs?recipient=0403019261`)).to.equal(404);
    const { db } = ebox.engine;
    const places = await db('mailbox_messages').where({ message_id: id }).select('mailbox', 'position');
    await inTransaction(db, (tx) => removeMany(tx, places));
    expect(await statusOf('GET', `/ebox/messages/${id}`)).to.equal(404);
    expect(await get(`/ebox/messages/${id}/proofs`)).to.deep.equal(proofs);
    expect(await get(`/ebox/messages/${id}/proofs?recipient=${OWN}`)).to.deep.equal(proofs);
    await db('registered_mail').where({ message_id: id }).update({ publisher: '654321' });
    expect(await statusOf('GET', `/ebox/messages/${id}/proofs?recipient=${OWN}`)).to.equal(404);
  });
});
