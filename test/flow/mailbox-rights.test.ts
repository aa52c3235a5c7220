import { join } from 'node:path';
import { expect } from 'chai';
import { EVENTS, FEDERATION, REGISTRY_V2, REGISTRY_V3 } from '../../channels/webservice/ebox/paths.ts';
import { silentLogger } from '../../engine/core/logger.ts';
import { deliverMessage } from '../../engine/mailboxes/deliver.ts';
import { removeMany } from '../../engine/mailboxes/remove.ts';
import { type Caller, carryOut } from '../../engine/registry/caller.ts';
import { addMandate } from '../../engine/registry/mandate-changes.ts';
import { setQualityState } from '../../engine/registry/organisation-access.ts';
import { createPerson } from '../../engine/registry/people-acts.ts';
import type { Role } from '../../engine/registry/permissions.ts';
import { giveRights, type Rights } from '../../engine/registry/rights.ts';
import { beginSession } from '../../engine/registry/sessions.ts';
import { createBlobStore } from '../../engine/store/blobs.ts';
import { inTransaction } from '../../engine/store/transaction.ts';
import { OPERATOR } from '../support/access.ts';
import { aPublication, type Ebox, jsonOf, OWN, PDF, startEbox } from '../support/ebox.ts';
import { aMessage } from '../support/mailboxes.ts';
import { addOtherPublisher, OTHER } from '../support/other-publisher.ts';
import type { WebAnswer } from '../support/web.ts';

const HOUR_MS = 3_600_000;

const TYPES = {
  letter: { publishers: [{ organisation: OWN }, { organisation: OTHER }] },
  payslip: { service: 'wages' },
  elections: { protected: true, quality: 'employer', registered: true },
  bankruptcy: { quality: 'curator' },
} as const;
/** Of a type that the configuration has no more nobody knows whether it was protected. */
type Type = keyof typeof TYPES | 'retired';
const ALL = [...Object.keys(TYPES), 'retired'] as Type[];

type Curl = (path: string, ...args: string[]) => Promise<WebAnswer>;

/** What somebody may do: the types that are seen, and the statuses of what is tried. */
interface Cell {
  readonly sees: readonly Type[];
  readonly hides: number;
  readonly answers: number;
  readonly choosesForAll: number;
  readonly publishes: number;
  /** Publishes a letter that says it answers one. */
  readonly answersByLetter: number;
  readonly readsEvents: number;
  /** Has events of the mailbox sent somewhere. */
  readonly hasSent: number;
}

const READER: Cell = {
  sees: [],
  hides: 200,
  answers: 201,
  choosesForAll: 403,
  publishes: 403,
  answersByLetter: 403,
  readsEvents: 403,
  hasSent: 403,
};
const MANAGER: Cell = { ...READER, choosesForAll: 200, hasSent: 200 };
const SOFTWARE: Cell = { ...MANAGER, publishes: 201, answersByLetter: 201, readsEvents: 200 };
/** Nobody answers what he may not read. */
const OTHER_SOFTWARE: Cell = { ...SOFTWARE, answersByLetter: 400 };
const ELSEWHERE = { hides: 404, answers: 404 } as const;
const NOBODY: Cell = {
  sees: [],
  hides: 401,
  answers: 401,
  choosesForAll: 401,
  publishes: 401,
  answersByLetter: 401,
  readsEvents: 401,
  hasSent: 401,
};

/** Who × what: every cell is tried through the interface. */
const TABLE: Readonly<Record<string, Cell>> = {
  'nobody, as the operator is to the interface': NOBODY,
  'a manager of another organisation': { ...MANAGER, ...ELSEWHERE, choosesForAll: 404 },
  'a user': { ...READER, sees: ['letter'] },
  'a user with the service': { ...READER, sees: ['letter', 'payslip'] },
  'a user with the protected right': { ...READER, sees: ['letter', 'elections'] },
  'the access manager': { ...MANAGER, sees: ['letter', 'payslip', 'elections', 'retired'] },
  'the co-manager': { ...MANAGER, sees: ['letter', 'payslip'] },
  'the main manager': { ...MANAGER, sees: ['letter', 'payslip', 'bankruptcy'] },
  'a user of another quality': { ...READER, sees: ['letter', 'bankruptcy'] },
  'the access manager of another quality': { ...MANAGER, sees: ['letter', 'payslip', 'bankruptcy', 'retired'] },
  'software of the organisation': { ...SOFTWARE, sees: ['letter', 'payslip'] },
  'a publisher': { ...OTHER_SOFTWARE, ...ELSEWHERE, choosesForAll: 404 },
  'a publisher without a mandate, for the organisation': {
    ...OTHER_SOFTWARE,
    ...ELSEWHERE,
    choosesForAll: 404,
    hasSent: 404,
  },
  'a publisher with a mandate, for the organisation': { ...SOFTWARE, hasSent: 403, sees: ['letter', 'payslip'] },
};

describe('rights in mailboxes, tried by everybody through the interface', function () {
  this.timeout(120_000);
  let ebox: Ebox;
  const ids: Partial<Record<Type, string>> = {};
  const keys: Record<string, readonly string[]> = {};

  before(async () => {
    const messageTypes = Object.fromEntries(
      Object.entries(TYPES).map(([id, about]) => {
        const rest = { names: { nl: id }, publishers: [{ organisation: OWN }], replyAllowed: true };
        return [id, { ...rest, ...about }];
      }),
    );
    ebox = await startEbox({ config: { messageTypes } });
    await addOtherOrganisation();
    await addPeople();
    for (const type of ALL.slice(0, -1)) ids[type] = await published(type);
    ids.retired = await deliverRetired();
  });

  after(() => ebox?.stop());

  const bearer = (token: string) => ['-H', `Authorization: Bearer ${token}`];
  const published = async (messageTypeId: string, registeredMail = false) => {
    const path = `${REGISTRY_V2}/publishMessage`;
    const about = aPublication({ messageTypeId, replyAuthorized: true, registeredMail });
    const answer = await ebox.publish(path, about, { upfile1: 'letter.pdf;type=application/pdf' });
    expect(answer.status, answer.body).to.equal(201);
    return jsonOf(answer).messageId as string;
  };

  async function deliverRetired(): Promise<string> {
    const { db, config } = ebox.engine;
    const { letter } = config.messageTypes;
    const blobs = createBlobStore({ dir: join(config.dataDir, 'blobs'), log: silentLogger() });
    const content = await inTransaction(db, (tx) => blobs.put(tx, PDF));
    const file = { number: 1, fileName: 'letter.pdf', mediaType: 'application/pdf', main: true, ...content };
    const message = aMessage({ messageType: 'retired', senderOrganisation: OWN, attachments: [file] });
    const rules = { types: { retired: { ...letter!, id: 'retired' } }, provider: 'bode' };
    const own = { kind: 'enterprise', eboxId: OWN } as const;
    await inTransaction(db, (tx) => deliverMessage(tx, message, own, rules, new Date()));
    return message.id;
  }

  async function addOtherOrganisation(): Promise<void> {
    const token = bearer(String((await addOtherPublisher(ebox))['access_token']));
    keys['a publisher'] = token;
    keys['a publisher without a mandate, for the organisation'] = [
      ...token,
      ...['-H', `On-Behalf-Of-Enterprise-Number: ${OWN}`],
    ];
    keys['a publisher with a mandate, for the organisation'] =
      keys['a publisher without a mandate, for the organisation'];
    keys['software of the organisation'] = await ebox.web.bearer();
    keys['nobody, as the operator is to the interface'] = [];
  }

  async function addPeople(): Promise<void> {
    const { db } = ebox.engine;
    for (const quality of ['employer', 'curator']) await setQualityState(db, OWN, quality, 'active');
    await setQualityState(db, OTHER, 'employer', 'active');
    const stranger = await person('main-manager', '', OPERATOR, {}, OTHER);
    const main = await person('main-manager', '', OPERATOR);
    const manager = await person('access-manager', 'employer', main.caller);
    keys['a manager of another organisation'] = stranger.token;
    keys['the main manager'] = main.token;
    keys['the access manager'] = manager.token;
    const team = [
      ['the co-manager', 'co-manager', {}],
      ['a user', 'user', {}],
      ['a user with the service', 'user', { services: ['wages'] }],
      ['a user with the protected right', 'user', { protectedTypes: ['elections'] }],
    ] as const;
    for (const [name, role, rights] of team) {
      keys[name] = (await person(role, 'employer', manager.caller, rights)).token;
    }
    const other = await person('access-manager', 'curator', main.caller);
    keys['the access manager of another quality'] = other.token;
    keys['a user of another quality'] = (await person('user', 'curator', other.caller)).token;
  }

  /** Appoints somebody new, who signs in. */
  async function person(
    role: Role,
    quality: string,
    by: Caller,
    rights: Partial<Rights> = {},
    enterpriseNumber: string = OWN,
  ): Promise<{ token: readonly string[]; caller: Caller }> {
    const { db } = ebox.engine;
    const now = new Date();
    const wanted = { enterpriseNumber, act: 'test', subject: enterpriseNumber };
    const id = await carryOut(db, { caller: by, now }, wanted, async (acting) => {
      const names = { givenName: 'Els', familyName: 'Peeters' };
      const made = await createPerson(acting, enterpriseNumber, { ...names, appointment: { role, quality } });
      if (rights.services ?? rights.protectedTypes) await giveRights(acting, made.id, rights);
      return made.id;
    });
    const { token } = await beginSession(db, { person: id, means: 'password', lifeMs: HOUR_MS }, now);
    return { token: bearer(token), caller: { kind: 'person', id, from: '192.0.2.7' } };
  }

  for (const [who, cell] of Object.entries(TABLE)) {
    it(`${who}: sees ${cell.sees.join(', ') || 'nothing'}`, async () => {
      if (who.includes('with a mandate')) await giveMandate();
      const auth = keys[who] ?? [];
      const curl: Curl = (path, ...args) => ebox.web.curl(path, ...auth, ...args);
      const seen = await listedBy(curl);
      expect(seen).to.have.members([...cell.sees]);
      await reads(curl, cell, who.startsWith('nobody') ? 401 : 404);
      expect(await tries(curl)).to.deep.equal({ ...cell, sees: undefined });
    });
  }

  it('gives the proofs of what has gone to those who could see it, and to nobody else', async () => {
    const { db } = ebox.engine;
    const id = await published('elections', true);
    const statuses = async () => {
      const asked = [
        'a user',
        'a user with the protected right',
        'the access manager',
        'a manager of another organisation',
      ];
      const path = `${REGISTRY_V3}/ebox/messages/${id}/proofs`;
      return Promise.all(asked.map(async (who) => (await ebox.web.curl(path, ...(keys[who] ?? []))).status));
    };
    const expected = [404, 200, 200, 404];
    expect(await statuses()).to.deep.equal(expected);
    const places = await db('mailbox_messages').where({ message_id: id }).select('mailbox', 'position');
    await inTransaction(db, (tx) => removeMany(tx, places));
    expect(await statuses(), 'after it has gone').to.deep.equal(expected);
  });

  async function listedBy(curl: Curl): Promise<Type[]> {
    const listed = await curl(`${REGISTRY_V2}/ebox/messages?pageSize=100`);
    const items: { messageId: string }[] = listed.status === 200 ? jsonOf(listed).items : [];
    return ALL.filter((type) => items.some(({ messageId }) => messageId === ids[type]));
  }

  /** Each message and its content, by its address. */
  async function reads(curl: Curl, { sees }: Cell, denied: number): Promise<void> {
    for (const type of ALL) {
      const path = `${REGISTRY_V2}/ebox/messages/${ids[type]}`;
      const content = await curl(`${path}/attachments/1/content`);
      const expected = sees.includes(type) ? 200 : denied;
      expect([type, (await curl(path)).status, content.status]).to.deep.equal([type, expected, expected]);
      if (expected === 200) expect(content.body).to.equal(PDF.toString());
    }
  }

  /** The status of everything else that is in the table. */
  async function tries(curl: Curl): Promise<Omit<Cell, 'sees'> & { sees: undefined }> {
    const letter = ids.letter ?? '';
    const send = async (path: string, body: unknown) => {
      const type = ['-H', 'Content-Type: application/merge-patch+json'];
      return (await curl(path, '-X', 'PATCH', ...type, '--data-binary', JSON.stringify(body))).status;
    };
    const publish = async (path: string, about: unknown, ...args: string[]) =>
      (await curl(path, '-F', `messageToPublish=${JSON.stringify(about)};type=application/json`, ...args)).status;
    const answer = { bodyContent: { nl: 'Ontvangen.' }, isBodyMainContent: true, attachments: [] };
    const paper = { eboxId: { eboxType: 'ENTERPRISE', eboxIdValue: OWN }, exclusivelyEbox: true };
    const upload = ['-F', 'upfile1=@letter.pdf;type=application/pdf'];
    return {
      sees: undefined,
      hides: await send(`${REGISTRY_V2}/ebox/messages`, { items: [{ messageId: letter, visible: true }] }),
      answers: await publish(`${REGISTRY_V3}/ebox/messages/${letter}/reply`, answer),
      choosesForAll: await send(`${FEDERATION}/eboxPreferences`, paper),
      publishes: await publish(`${REGISTRY_V2}/publishMessage`, aPublication(), ...upload),
      answersByLetter: await publish(
        `${REGISTRY_V2}/publishMessage`,
        aPublication({ originalMessageId: letter }),
        ...upload,
      ),
      hasSent: (await curl(`${REGISTRY_V3}/ebox/webhooks`)).status,
      readsEvents: (await curl(`${EVENTS}?lastSequenceNbr=0&pageSize=1`)).status,
    };
  }

  async function giveMandate(): Promise<void> {
    const mandate = { employer: { kind: 'enterprise', number: OWN }, goals: ['EBOX'] } as const;
    const changed = { by: 'root', now: new Date() };
    await addMandate(ebox.engine.db, { organisation: OTHER, quality: 'employer' }, mandate, changed);
  }
});
