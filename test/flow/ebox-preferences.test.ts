import { expect } from 'chai';
import { FEDERATION, REGISTRY_V2 } from '../../channels/webservice/ebox/paths.ts';
import { type Caller, carryOut } from '../../engine/registry/caller.ts';
import { setQualityState } from '../../engine/registry/organisation-access.ts';
import { createPerson } from '../../engine/registry/people-acts.ts';
import type { Role } from '../../engine/registry/permissions.ts';
import { beginSession } from '../../engine/registry/sessions.ts';
import { OPERATOR } from '../support/access.ts';
import { aPublication, type Ebox, jsonOf, OWN, startEbox } from '../support/ebox.ts';

const FILE = { upfile1: 'letter.pdf;type=application/pdf' };
const EBOX_ID = { eboxType: 'ENTERPRISE', eboxIdValue: OWN };

describe('preferences of owners', function () {
  this.timeout(120_000);
  let ebox: Ebox;

  before(async () => {
    const publishers = [{ organisation: OWN }];
    const secret = { names: { nl: 'Geheim' }, publishers, protected: true };
    ebox = await startEbox({ config: { messageTypes: { letter: { names: { nl: 'Brief' }, publishers }, secret } } });
    await setQualityState(ebox.engine.db, OWN, 'employer', 'active');
  });
  after(() => ebox?.stop());

  async function person(role: Role, quality: string, by: Caller) {
    const { db } = ebox.engine;
    const now = new Date();
    const id = await carryOut(db, { caller: by, now }, { enterpriseNumber: OWN, act: 'test', subject: OWN }, (acting) =>
      createPerson(acting, OWN, { givenName: 'Els', familyName: 'Peeters', appointment: { role, quality } }).then(
        (made) => made.id,
      ),
    );
    const { token } = await beginSession(db, { person: id, means: 'password', lifeMs: 3_600_000 }, now);
    const caller: Caller = { kind: 'person', id, from: '192.0.2.7' };
    return { auth: ['-H', `Authorization: Bearer ${token}`], caller };
  }

  const publish = async (about: object = {}) => {
    const answer = await ebox.publish(`${REGISTRY_V2}/publishMessage`, aPublication({ ...about }), FILE);
    expect(answer.status, answer.body).to.equal(201);
    return jsonOf(answer);
  };
  const wanted = { eboxType: 'ENTERPRISE', eboxIdType: 'EnterpriseNumber', eboxIdValueList: [OWN] };
  const json = (body: unknown, type = 'json') => [
    '-H',
    `Content-Type: application/${type}`,
    '-d',
    JSON.stringify(body),
  ];
  const preferences = async (auth: readonly string[]) => {
    const answer = await ebox.web.curl(`${FEDERATION}/eboxPreferences/search`, ...auth, ...json(wanted));
    expect(answer.status, answer.body).to.equal(200);
    return jsonOf(answer)[0];
  };

  it('make the mailbox active when its owner consents, and not when it wants paper', async () => {
    const wish = (exclusivelyEbox: boolean) =>
      ebox.send(`${FEDERATION}/eboxPreferences`, { eboxId: EBOX_ID, exclusivelyEbox }, 'PATCH');
    expect((await wish(false)).status).to.equal(200);
    expect(await publish()).to.include({ code: 'NO_DIGITAL_USER' });
    expect((await wish(true)).status).to.equal(200);
    expect(await publish()).to.not.have.property('code');
  });

  it('say when a person last opened the mailbox, and not its software', async () => {
    const main = await person('main-manager', '', OPERATOR);
    expect((await ebox.call(`${REGISTRY_V2}/ebox`)).status).to.equal(200);
    expect(await preferences(main.auth)).to.not.have.property('lastConnectionDate');
    const before = Date.now();
    expect((await ebox.web.curl(`${REGISTRY_V2}/ebox`, ...main.auth)).status).to.equal(200);
    const { lastConnectionDate } = await preferences(await ebox.web.bearer());
    expect(Date.parse(lastConnectionDate)).to.be.within(before - 1_000, Date.now());
  });

  it('count what the caller may see, and nothing else', async () => {
    const main = await person('main-manager', '', OPERATOR);
    const manager = await person('access-manager', 'employer', main.caller);
    const user = await person('user', 'employer', manager.caller);
    const [all, some] = [await preferences(manager.auth), await preferences(user.auth)];
    await publish({ messageTypeId: 'secret' });
    const count = ({ totalNumberOfMessages: messages, totalNumberOfUnreadMessages: unread }: typeof all) => ({
      ...{ messages, unread },
    });
    const { messages, unread } = count(all);
    expect(count(await preferences(manager.auth))).to.deep.equal({ messages: messages + 1, unread: unread + 1 });
    expect(count(await preferences(user.auth))).to.deep.equal(count(some));
    const wish = json({ eboxId: EBOX_ID, exclusivelyEbox: true }, 'merge-patch+json');
    const changed = await ebox.web.curl(`${FEDERATION}/eboxPreferences`, ...main.auth, '-X', 'PATCH', ...wish);
    expect(count(jsonOf(changed))).to.deep.equal(count(some));
  });
});
