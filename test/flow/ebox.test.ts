import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { REGISTRY_V2, REGISTRY_V3 } from '../../channels/webservice/ebox/paths.ts';
import { deliverMessage } from '../../engine/mailboxes/deliver.ts';
import { EBOX_SCOPES } from '../../engine/registry/scopes.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { aPublication, type Ebox, jsonOf, OWN, startEbox } from '../support/ebox.ts';
import { aMessage } from '../support/mailboxes.ts';

const PDF = 'letter.pdf;type=application/pdf';
const LETTER = { upfile1: PDF };
const OTHER = '0884303369';

describe('the mailboxes over HTTPS', function () {
  this.timeout(120_000);
  let ebox: Ebox;
  before(async () => {
    ebox = await startEbox();
  });
  after(() => ebox.stop());

  const publish = (about: object = {}, files: Readonly<Record<string, string>> = LETTER, ...args: string[]) =>
    ebox.publish(`${REGISTRY_V2}/publishMessage`, aPublication({ ...about }), files, ...args);
  const publishV3 = (about: object = {}, ...args: string[]) =>
    ebox.publish(
      `${REGISTRY_V3}/ebox/messages`,
      {
        ...{
          recipient: { eboxType: 'enterprise', enterpriseNumber: OWN },
          subject: { nl: 'Brief' },
          messageTypeId: 'letter',
        },
        ...{ attachments: [{ httpPartName: 'upfile1', isMainContent: true }], ...about },
      },
      LETTER,
      ...args,
    );
  const problem = ({ status, body }: { status: number; body: string }) => [status, JSON.parse(body).type];
  const tokenFor = async (scope: string) => {
    const { body } = await ebox.web.askToken(await ebox.web.assertion(), '--data-urlencode', `scope=${scope}`);
    return ['-H', `Authorization: Bearer ${JSON.parse(body).access_token}`];
  };

  describe('version 3', () => {
    it('publishes once under an idempotency key, of each application', async () => {
      const key = ['-H', 'Idempotency-Key: k-1'];
      const first = await publishV3({}, ...key);
      expect(first.status, first.body).to.equal(201);
      const again = await publishV3({ subject: { nl: 'Iets anders' } }, ...key);
      expect(problem(again)).to.deep.equal([409, 'urn:problem-type:belgif:conflict']);
      expect(jsonOf(again).detail).to.include(jsonOf(first).messageId);
      expect((await publishV3({ senderApplicationId: 'attests' }, ...key)).status).to.equal(201);
      expect((await publishV3({}, '-H', 'Idempotency-Key: a b')).status).to.equal(400);
      const lying = await ebox.engine.db('publication_keys').where({ key: 'k-1' });
      expect(lying).to.have.length(2);
    });

    it('calls things by their new names, and counts them by type', async () => {
      const { messageId } = jsonOf(await publishV3({ forTheAttentionOf: { ssin: '85073003328', label: 'An' } }));
      const message = jsonOf(await ebox.call(`${REGISTRY_V3}/ebox/messages/${messageId}`));
      expect(message).to.deep.include({
        ...{ sender: { eboxType: 'enterprise', enterpriseNumber: OWN }, isRegisteredMail: false, partition: 'GENERAL' },
        ...{ isBodyMainContent: false, isReplyAuthorized: false },
        forTheAttentionOf: { ssin: '85073003328', label: 'An' },
      });
      expect(message.attachments.items[0]).to.include({ isMainContent: true, isAttachmentSigned: false });
      expect(message).to.not.have.any.keys('senderOrganizationId', 'registeredMail', 'replyAuthorized');
      const { numberOfMessages, items } = jsonOf(await ebox.call(`${REGISTRY_V3}/ebox/statistics`));
      const letters = items.find((one: { messageTypeId: string }) => one.messageTypeId === 'letter');
      expect(letters.numberOfMessages).to.equal(numberOfMessages);
      expect((await ebox.call(`${REGISTRY_V3}/refData/messageTypes/letter`)).status).to.equal(200);
      expect(problem(await ebox.call(`${REGISTRY_V3}/ebox/messages/none`))).to.deep.equal([
        ...[404, 'urn:problem-type:belgif:resourceNotFound'],
      ]);
    });

    it('keeps the letters of a file name, as curl and browsers send it', async () => {
      const file = { upfile1: 'letter.pdf;filename="attest élève Ñ.pdf";type=application/pdf' };
      const { messageId } = jsonOf(await publish({}, file));
      const message = jsonOf(await ebox.call(`${REGISTRY_V3}/ebox/messages/${messageId}`));
      expect(message.attachments.items[0].fileName).to.equal('attest élève Ñ.pdf');
      const { headers } = await ebox.call(`${REGISTRY_V3}/ebox/messages/${messageId}/attachments/1/content`);
      expect(headers['content-disposition']).to.contain("filename*=UTF-8''attest%20%C3%A9l%C3%A8ve%20%C3%91.pdf");
    });

    it('gives the attachments of several messages as one ZIP, with names that are unique and safe', async () => {
      const { dir } = ebox.engine;
      const nasty = { upfile1: 'letter.pdf;filename="../x.pdf";type=application/pdf' };
      const ids = [jsonOf(await publish({}, nasty)).messageId, jsonOf(await publish({}, nasty)).messageId];
      const query = ids.map((id) => `messageId=${id}`).join('&');
      const zip = await ebox.call(`${REGISTRY_V3}/ebox/attachments.zip?${query}`, '-o', join(dir, 'all.zip'));
      expect(zip.body).to.equal('');
      const bytes = (await readFile(join(dir, 'all.zip'))).toString('latin1');
      for (const id of ids) expect(bytes).to.include(`${id}/__x.pdf`);
      expect(bytes).to.not.include('..');
      expect((await ebox.call(`${REGISTRY_V3}/ebox/attachments.zip?${query}&messageId=none`)).status).to.equal(404);
    });
  });

  describe('publishing', () => {
    const codeOf = async (...args: Parameters<typeof publish>) => {
      const answer = await publish(...args);
      return [answer.status, jsonOf(answer).code];
    };

    it('is refused with the code of what is wrong, and leaves nothing', async () => {
      const before = await ebox.engine.db('messages').count('* as n').first();
      const digest = { digestMethod: 'sha_256', digestValue: createHash('sha256').update('x').digest('base64url') };
      const attachments = [{ httpPartName: 'upfile1', mainContent: true, digest }];
      expect(await codeOf({ attachments })).to.deep.equal([400, 'DIGEST_DO_NOT_MATCH']);
      expect(await codeOf({ messageTypeId: 'none' })).to.deep.equal([400, 'INVALID_SENDER']);
      expect(await codeOf({ senderOrganizationId: OTHER })).to.deep.equal([400, 'INVALID_SENDER']);
      expect(await codeOf({ subject: { nl: 'Iets', fr: 'Chose' } })).to.deep.equal([400, 'NOT_IMPLEMENTED']);
      expect(await codeOf({ subject: null })).to.deep.equal([400, 'INVALID_INPUT']);
      expect(await codeOf({ subjekt: {} })).to.deep.equal([400, 'INVALID_INPUT']);
      const recipient = { eboxType: 'enterprise', eboxIdValue: OTHER };
      expect(await codeOf({ recipient })).to.deep.equal([400, 'INVALID_INPUT']);
      expect(await codeOf({}, { upfile2: PDF })).to.deep.equal([400, 'INVALID_INPUT']);
      expect(await codeOf({}, { upfile1: 'annex.txt;type=application/pdf' })).to.deep.equal([400, 'INVALID_INPUT']);
      expect(await codeOf({}, { upfile1: 'letter.pdf;type=image/png' })).to.deep.equal([400, 'INVALID_INPUT']);
      expect(await ebox.engine.db('messages').count('* as n').first()).to.deep.equal(before);
    });

    it('is refused, as everything is, with a NUL character anywhere', async () => {
      const json = ['-X', 'PATCH', '-H', 'Content-Type: application/merge-patch+json', '--data-binary'];
      const hide = JSON.stringify({ items: [{ messageId: 'a\0', visible: false }] });
      const answers = await Promise.all([
        ebox.call(`${REGISTRY_V2}/ebox/messages/%00`),
        ebox.call(`${REGISTRY_V2}/ebox/messages?messageTypeId=%00`),
        ebox.call(`${REGISTRY_V2}/ebox/messages`, ...json, hide),
        publish({ subject: { nl: 'een\0brief' } }),
      ]);
      expect(answers.map(({ status }) => status)).to.deep.equal([400, 400, 400, 400]);
    });

    it('streams a large attachment in and out, and refuses one that is larger than any type allows', async () => {
      const { dir } = ebox.engine;
      await writeFile(join(dir, 'large.pdf'), Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(12 << 20)]));
      const { messageId } = jsonOf(await publish({}, { upfile1: 'large.pdf;type=application/pdf' }));
      const path = `${REGISTRY_V2}/ebox/messages/${messageId}/attachments/1/content`;
      const got = await ebox.call(path, '-o', join(dir, 'got.pdf'));
      expect(got.body).to.equal('');
      const [sent, came] = await Promise.all(['large.pdf', 'got.pdf'].map((name) => readFile(join(dir, name))));
      // curl writes the headers before the content
      expect(came?.subarray(-(sent?.length ?? 0)).equals(sent ?? Buffer.alloc(0))).to.equal(true);
      const head = await ebox.call(path, '-r', '0-3');
      expect([head.status, head.body]).to.deep.equal([206, '%PDF']);
      expect(head.headers).to.include({ 'content-disposition': 'attachment; filename="large.pdf"' });
      expect(head.headers).to.include({
        'x-content-type-options': 'nosniff',
        'content-type': 'application/octet-stream',
      });
      expect((await ebox.call(path, '-r', '99999999-')).status).to.equal(416);
      const { headers } = await ebox.call(path, '-r', '0-0');
      expect((await ebox.call(path, '-H', `If-None-Match: ${headers['etag']}`)).status).to.equal(304);
    });
  });

  describe('reading', () => {
    it('counts as read from the first look at the main content, and tells of it once', async () => {
      const { messageId } = jsonOf(await publish());
      const one = () => ebox.call(`${REGISTRY_V2}/ebox/messages/${messageId}`).then(jsonOf);
      expect((await one()).readStatus).to.equal(false);
      const content = `${REGISTRY_V2}/ebox/messages/${messageId}/attachments/1/content`;
      await ebox.call(content, '-I');
      expect((await one()).readStatus).to.equal(false);
      await Promise.all([ebox.call(content), ebox.call(content)]);
      expect((await one()).readStatus).to.equal(true);
      const told = ebox.engine.db('mailbox_events').where({ type: 'readDocument' });
      expect(await told.whereLike('event_key', `%${messageId}`)).to.have.length(1);
      const audited = await ebox.engine.db('audit').where({ what: 'message read', subject: `${OWN}:${messageId}` });
      expect(audited).to.have.length(1);
    });

    it('looks the same for what there is not and for what lies in another mailbox', async () => {
      const message = aMessage({ messageType: 'letter', senderOrganisation: OWN });
      const { db, config } = ebox.engine;
      const rules = { types: config.messageTypes, provider: 'bode' };
      const theirs = { kind: 'enterprise', eboxId: OTHER } as const;
      await inTransaction(db, (tx) => deliverMessage(tx, message, theirs, rules, new Date()));
      const answers = [message.id, 'none'].map(async (id) => {
        const { status, body } = await ebox.call(`${REGISTRY_V2}/ebox/messages/${id}`);
        return { status, ...JSON.parse(body), id: '' };
      });
      const [foreign, missing] = await Promise.all(answers);
      expect(foreign).to.deep.equal(missing).and.to.include({ status: 404 });
      const behalf = ['-H', `On-Behalf-Of-Enterprise-Number: ${OTHER}`];
      expect((await ebox.call(`${REGISTRY_V2}/ebox/messages/${message.id}`, ...behalf)).status).to.equal(404);
      const hide = [{ messageId: message.id, visible: false }];
      expect((await ebox.send(`${REGISTRY_V2}/ebox/messages`, { items: hide }, 'PATCH')).status).to.equal(404);
    });
  });

  describe('scopes', () => {
    it('are needed each for its part, and are the sender’s to ask for', async () => {
      const [publisher = ''] = EBOX_SCOPES;
      const only = await tokenFor(publisher);
      const list = await ebox.web.curl(`${REGISTRY_V2}/ebox/messages`, ...only);
      expect([list.status, jsonOf(list).code]).to.deep.equal([403, 'MISSING_SCOPE']);
      await ebox.engine
        .db('senders')
        .where({ number: '123456' })
        .update({ scopes: JSON.stringify([publisher]) });
      const taken = await ebox.call(`${REGISTRY_V2}/ebox/messages`);
      expect([taken.status, jsonOf(taken).code]).to.deep.equal([403, 'MISSING_SCOPE']);
      const asked = await ebox.web.askToken(await ebox.web.assertion(), '--data-urlencode', `scope=${EBOX_SCOPES[4]}`);
      expect([asked.status, jsonOf(asked).error]).to.deep.equal([400, 'invalid_scope']);
      const all = await ebox.web.askToken(await ebox.web.assertion());
      expect(jsonOf(all).scope).to.equal(`bode:batch:send bode:batch:fetch ${publisher}`);
      await ebox.engine
        .db('senders')
        .where({ number: '123456' })
        .update({ scopes: JSON.stringify(EBOX_SCOPES) });
    });
  });
});
