import { expect } from 'chai';
import { REGISTRY_V2, REGISTRY_V3 } from '../../channels/webservice/ebox/paths.ts';
import { addMandate } from '../../engine/registry/mandate-changes.ts';
import { EBOX_SCOPES } from '../../engine/registry/scopes.ts';
import { aPublication, type Ebox, jsonOf, OWN, startEbox } from '../support/ebox.ts';
import { addOtherPublisher, OTHER } from '../support/other-publisher.ts';
import type { WebAnswer } from '../support/web.ts';

const CITIZEN = '85073003328';
const PDF = { upfile1: 'letter.pdf;type=application/pdf' };
const TEXT = { upfile1: 'annex.txt;type=text/plain' };

const at = (eboxIdValue: string, eboxType = 'enterprise') => ({ eboxType, eboxIdValue });

describe('publishing for an organisation under its mandate', function () {
  this.timeout(120_000);
  let ebox: Ebox;
  let token: readonly string[];

  before(async () => {
    const publishers = [{ organisation: OWN }];
    const mediaTypes = ['application/pdf', 'text/plain'];
    const letter = { names: { nl: 'Brief' }, publishers, mediaTypes, replyAllowed: true, registered: true };
    ebox = await startEbox({ config: { messageTypes: { letter, secret: { ...letter, publishers: [] } } } });
    const scope = EBOX_SCOPES.find((one) => one.endsWith(':eboxrepresentativepublication'));
    const asked = await addOtherPublisher(ebox, scope);
    expect(asked['scope']).to.equal(scope);
    token = ['-H', `Authorization: Bearer ${asked['access_token']}`];
  });
  beforeEach(async () => {
    const mandate = { employer: { kind: 'enterprise', number: OWN }, goals: ['EBOX'] } as const;
    await ebox.engine.db('mandates').delete();
    await addMandate(ebox.engine.db, { organisation: OTHER, quality: 'employer' }, mandate, {
      by: 'root',
      now: new Date(),
    });
  });
  after(() => ebox?.stop());

  const send = (path: string, body: unknown) => {
    const json = ['-H', 'Content-Type: application/json', '--data-binary', JSON.stringify(body)];
    return ebox.web.curl(REGISTRY_V2 + path, ...token, ...json);
  };
  const publish = (files: Readonly<Record<string, string>> = PDF, registeredMail = false) => {
    const about = aPublication({ senderOrganizationId: OWN, registeredMail });
    const [[part, file] = []] = Object.entries(files);
    const parts = ['-F', `messageToPublish=${JSON.stringify(about)};type=application/json`, '-F', `${part}=@${file}`];
    return ebox.web.curl(`${REGISTRY_V2}/publishMessage`, ...token, ...parts);
  };
  const published = async (...about: Parameters<typeof publish>): Promise<string> => {
    const answer = await publish(...about);
    expect(answer.status, answer.body).to.equal(201);
    return jsonOf(answer).messageId;
  };
  const codeOf = (answer: WebAnswer) => [answer.status, jsonOf(answer).code];
  const link = (messageId: string, ...recipients: readonly object[]) =>
    send('/linkEboxMessage', { messageId, recipients });

  it('takes no more than the scope of representatives, in both versions', async () => {
    await published();
    const about = {
      ...{ recipient: { eboxType: 'enterprise', enterpriseNumber: OWN }, subject: { nl: 'Brief' } },
      ...{ sender: { eboxType: 'enterprise', enterpriseNumber: OWN }, messageTypeId: 'letter' },
      attachments: [{ httpPartName: 'upfile1', isMainContent: true }],
    };
    const parts = ['-F', `messageToPublish=${JSON.stringify(about)};type=application/json`];
    const upload = ['-F', `upfile1=@${PDF.upfile1}`];
    const answer = await ebox.web.curl(`${REGISTRY_V3}/ebox/messages`, ...token, ...parts, ...upload);
    expect(answer.status, answer.body).to.equal(201);
  });

  it('finds what became of it', async () => {
    const messageId = await published();
    const found = await send('/searchMessageStatus', [{ messageId, eboxId: at(OWN) }]);
    expect(found.status, found.body).to.equal(201);
    expect(jsonOf(found)).to.have.length(1);
    expect((await ebox.send(`${REGISTRY_V2}/searchMessageStatus`, [{ messageId, eboxId: at(OWN) }])).status).to.equal(
      201,
    );
    const own = jsonOf(await ebox.publish(`${REGISTRY_V2}/publishMessage`, aPublication(), PDF));
    const another = await send('/searchMessageStatus', [{ messageId: own.messageId, eboxId: at(OWN) }]);
    expect(another.status, 'what the organisation itself sent').to.equal(404);
  });

  it('has the proofs of registered mail that it published', async () => {
    const path = `${REGISTRY_V3}/ebox/messages/${await published(PDF, true)}/proofs`;
    expect((await ebox.web.curl(`${path}?recipient=${OWN}`, ...token)).status).to.equal(200);
    expect((await ebox.web.curl(path, ...token)).status, 'as a reader of its own mailbox').to.equal(403);
  });

  it('sends a message on while the mandate lasts, and while the organisation publishes such messages', async () => {
    const messageId = await published();
    expect(jsonOf(await link(messageId, at(OTHER)))).to.include({ nbSuccessLinks: 1 });
    await ebox.engine.db('messages').where({ id: messageId }).update({ message_type: 'secret' });
    expect(codeOf(await link(messageId, at(CITIZEN, 'citizen')))).to.deep.equal([400, 'INVALID_SENDER']);
    await ebox.engine.db('messages').where({ id: messageId }).update({ message_type: 'letter' });
    await ebox.engine.db('mandates').delete();
    expect(codeOf(await link(messageId, at(CITIZEN, 'citizen')))).to.deep.equal([400, 'INVALID_SENDER']);
    expect(await ebox.engine.db('mailbox_messages').where({ message_id: messageId })).to.have.length(2);
  });

  it('does not send an answer on, which only who is answered may get', async () => {
    const original = aPublication({ replyAuthorized: true });
    const { messageId } = jsonOf(await ebox.publish(`${REGISTRY_V2}/publishMessage`, original, PDF));
    const about = { messageTypeId: undefined, originalMessageId: messageId };
    const answer = await ebox.publish(`${REGISTRY_V2}/publishMessage`, aPublication(about), PDF);
    expect(answer.status, answer.body).to.equal(201);
    const linked = { messageId: jsonOf(answer).messageId, recipients: [at(OTHER)] };
    const refused = await ebox.send(`${REGISTRY_V2}/linkEboxMessage`, linked);
    expect(codeOf(refused)).to.deep.equal([400, 'INVALID_SENDER']);
  });

  it('sends citizens nothing but PDF', async () => {
    const citizen = at(CITIZEN, 'citizen');
    const text = await link(await published(TEXT), citizen, at(OTHER));
    expect(jsonOf(text)).to.deep.include({ nbSuccessLinks: 1, errorCases: [citizen] });
    expect(jsonOf(await link(await published(), citizen))).to.deep.include({ nbSuccessLinks: 1, errorCases: [] });
  });
});
