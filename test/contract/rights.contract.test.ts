import { expect } from 'chai';
import { setQualityState } from '../../engine/registry/organisation-access.ts';
import { changeSettings } from '../../engine/registry/organisation-acts.ts';
import type { Person } from '../../engine/registry/people.ts';
import { blockPerson } from '../../engine/registry/people-acts.ts';
import {
  decide,
  giveRights,
  type MessageToRead,
  mayRead,
  type Reader,
  readableTypes,
  standingOf,
} from '../../engine/registry/rights.ts';
import { type AccessCase, by, ENTERPRISE, OPERATOR, OTHER_ENTERPRISE, openAccessCase } from '../support/access.ts';
import { STORES } from '../support/database.ts';

const quality = 'employer';
const MESSAGES = {
  free: { type: 'free', protected: false, quality },
  service: { type: 'declaration-copy', protected: false, service: 'dmfa', quality },
  elections: { type: 'social-elections', protected: true, quality },
  other: { type: 'other-protected', protected: true, quality },
  elsewhere: { type: 'free', protected: false, quality: 'curator' },
} as const satisfies Record<string, MessageToRead>;
const ALL = Object.keys(MESSAGES) as (keyof typeof MESSAGES)[];

for (const kind of STORES) {
  describe(`rights contract: ${kind}`, () => {
    let at: AccessCase;
    let main: Person;
    let manager: Person;
    let co: Person;
    let user: Person;
    let named: Person;

    before(async () => {
      at = await openAccessCase(kind);
      await setQualityState(at.db, ENTERPRISE, 'curator', 'active');
      manager = await at.person({ role: 'main-manager', quality: '' }); // and access manager of employer
      main = await at.person({ role: 'main-manager', quality: '' });
      co = await at.person({ role: 'co-manager', quality }, {}, by(manager));
      user = await at.person({ role: 'user', quality }, {}, by(co));
      named = await at.person({ role: 'user', quality }, {}, by(co));
      const rights = { services: ['dmfa'], protectedTypes: ['social-elections'] };
      await at.as(by(manager))((acting) => giveRights(acting, named.id, rights));
    });
    after(() => at.close());

    /** What somebody may read, by the one decision and by the filter for listings, which must agree. */
    async function readBy(reader: Reader, enterpriseNumber = ENTERPRISE): Promise<string[]> {
      const one: (keyof typeof MESSAGES)[] = [];
      for (const name of ALL) if (await mayRead(at.db, reader, enterpriseNumber, MESSAGES[name])) one.push(name);
      const standing = await standingOf(at.db, reader, enterpriseNumber);
      expect(ALL.filter((name) => decide(standing, MESSAGES[name]))).to.deep.equal(one);
      const types = readableTypes(standing, Object.values(MESSAGES));
      expect(types).to.deep.equal(one.map((name) => MESSAGES[name].type));
      return one;
    }
    const person = ({ id }: Person): Reader => ({ kind: 'person', id });
    const software: Reader = { kind: 'sender', enterpriseNumber: ENTERPRISE, quality: 'employer' };

    it('lets the access manager read all of the quality, others by role and right', async () => {
      const table = {
        manager: ['free', 'service', 'elections', 'other', 'elsewhere'], // elsewhere as main access manager
        main: ['free', 'service', 'elsewhere'],
        co: ['free', 'service'],
        user: ['free'],
        named: ['free', 'service', 'elections'],
      };
      for (const [who, reads] of Object.entries(table)) {
        expect(await readBy(person({ manager, main, co, user, named }[who]!)), who).to.deep.equal(reads);
      }
      expect(await readBy(software)).to.deep.equal(['free', 'service']);
    });

    it('lets nobody read in the mailbox of another organisation', async () => {
      for (const who of [manager, main, co, user, named])
        expect(await readBy(person(who), OTHER_ENTERPRISE)).to.deep.equal([]);
      expect(await readBy(software, OTHER_ENTERPRISE)).to.deep.equal([]);
      expect(await readBy({ kind: 'person', id: 'nobody' })).to.deep.equal([]);
    });

    it('lets users read what is not protected without rights where the organisation has chosen so', async () => {
      await at.as(by(main))((acting) => changeSettings(acting, ENTERPRISE, { userReading: 'all' }));
      expect(await readBy(person(user))).to.deep.equal(['free', 'service']);
      await at.as(by(main))((acting) => changeSettings(acting, ENTERPRISE, { userReading: 'per-service' }));
    });

    it('takes everything from a person who is blocked, or whose organisation is, at once', async () => {
      await at.as(by(co))((acting) => blockPerson(acting, named.id));
      expect(await readBy(person(named))).to.deep.equal([]);
      await at.as(OPERATOR)((acting) => changeSettings(acting, ENTERPRISE, { access: 'blocked' }));
      for (const who of [manager, main, co, user]) expect(await readBy(person(who))).to.deep.equal([]);
    });
  });
}
