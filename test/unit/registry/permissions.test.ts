import { expect } from 'chai';
import {
  type Actor,
  type Appointment,
  mayActOn,
  mayAppoint,
  mayDismiss,
  mayDo,
  ORGANISATION_ACTS,
  PERMISSIONS,
  PERSON_ACTS,
  type PersonAct,
  ROLES,
  type Role,
  WIDE_ROLES,
} from '../../../engine/registry/permissions.ts';

const OWN = '0206731645';
const OTHER = '0403019261';
const operator: Actor = { kind: 'operator', name: 'root' };
const heldAs = (role: Role, quality: string): Appointment => ({
  role,
  quality: WIDE_ROLES.includes(role) ? '' : quality,
});
const actor = (...appointments: Appointment[]): Actor => ({
  kind: 'person',
  id: 'actor',
  enterpriseNumber: OWN,
  appointments,
});
const subject = (...appointments: Appointment[]) => ({ id: 'subject', enterpriseNumber: OWN, appointments });

/** What comes of an act on a role, whichever act it is. */
function answer(who: Actor, act: PersonAct, held: Appointment, enterpriseNumber: string) {
  if (act === 'appoint') return mayAppoint(who, held, enterpriseNumber);
  return mayActOn(who, act, { ...subject(held), enterpriseNumber });
}

describe('the table of permissions', () => {
  it('has a row for each act on each role, and for each act on an organisation', () => {
    const wanted = [...ROLES.flatMap((role) => PERSON_ACTS.map((act) => `${act} ${role}`)), ...ORGANISATION_ACTS];
    expect([...PERMISSIONS.keys()]).to.have.members(wanted);
  });

  it('decides every act on every role, in the own quality, another one, and another organisation', () => {
    for (const role of ROLES) {
      for (const act of PERSON_ACTS) {
        for (const actorRole of ROLES) {
          const scope = PERMISSIONS.get(`${act} ${role}`)?.[actorRole];
          const wide = scope === 'own organisation';
          const inOwn = wide || (scope === 'own quality' && !WIDE_ROLES.includes(role));
          const who = actor(heldAs(actorRole, 'employer'));
          const name = `${actorRole} ${act} ${role}`;
          expect(answer(who, act, heldAs(role, 'employer'), OWN) === 'yes', name).to.equal(inOwn);
          expect(answer(who, act, heldAs(role, 'curator'), OWN) === 'yes', `${name}, another quality`).to.equal(wide);
          expect(answer(who, act, heldAs(role, 'employer'), OTHER), `${name}, elsewhere`).to.equal('unknown');
        }
      }
    }
  });

  it('decides what the operator may do to each role', () => {
    for (const role of ROLES) {
      for (const act of PERSON_ACTS.filter((one) => one !== 'see')) {
        const may = PERMISSIONS.get(`${act} ${role}`)?.operator === 'everywhere';
        expect(answer(operator, act, heldAs(role, 'x'), OTHER), `${act} ${role}`).to.equal(may ? 'yes' : 'forbidden');
      }
    }
  });

  it('decides every act on an organisation and its qualities', () => {
    for (const act of ORGANISATION_ACTS) {
      const row = PERMISSIONS.get(act)!;
      for (const role of ROLES) {
        const who = actor(heldAs(role, 'employer'));
        const own = row[role] === 'own organisation' || (row[role] === 'own quality' && !WIDE_ROLES.includes(role));
        expect(mayDo(who, act, { enterpriseNumber: OWN, quality: 'employer' }) === 'yes', `${role} ${act}`).to.equal(
          own,
        );
        expect(mayDo(who, act, { enterpriseNumber: OTHER, quality: 'employer' }), `${role} ${act}`).to.equal('unknown');
      }
    }
  });

  it('lets who has one quality know nothing of another, and tells who may see but not do that it is forbidden', () => {
    const manager = actor({ role: 'access-manager', quality: 'employer' });
    const user = { role: 'user', quality: 'curator' } as const;
    expect(mayActOn(manager, 'block', subject(user))).to.equal('unknown');
    expect(mayAppoint(manager, user, OWN)).to.equal('unknown');
    expect(mayActOn(manager, 'block', subject({ role: 'access-manager', quality: 'employer' }))).to.equal('forbidden');
    expect(mayDo(manager, 'see structured messages', { enterpriseNumber: OWN, quality: 'curator' })).to.equal(
      'unknown',
    );
  });

  it('gives nobody power over a manager by a lesser role of that manager', () => {
    const manager = actor({ role: 'access-manager', quality: 'employer' });
    const user = { role: 'user', quality: 'employer' } as const;
    expect(mayActOn(manager, 'reset', subject(user))).to.equal('yes');
    expect(mayActOn(manager, 'reset', subject(user, { role: 'access-manager', quality: 'curator' }))).to.equal(
      'forbidden',
    );
    expect(mayActOn(manager, 'reset', subject(user, { role: 'main-manager', quality: '' }))).to.equal('unknown');
    expect(mayDismiss(manager, user, subject(user, { role: 'access-manager', quality: 'curator' }))).to.equal('yes');
    const main = { role: 'main-manager', quality: '' } as const;
    const both = subject(main, { role: 'access-manager', quality: 'employer' });
    expect([operator, actor(main)].map((who) => mayActOn(who, 'reset', both))).to.deep.equal(['yes', 'forbidden']);
  });

  it('lets everybody see oneself, and nobody act on oneself', () => {
    const held = { role: 'user', quality: 'employer' } as const;
    const self = { ...subject(held), id: 'actor' };
    expect(mayActOn(actor(held), 'see', self)).to.equal('yes');
    for (const role of ROLES) {
      const own = heldAs(role, 'employer');
      expect(mayActOn(actor(own), 'delete', { ...subject(own), id: 'actor' }), role).to.equal('forbidden');
    }
  });

  it('leaves who has no role any more to those of the whole organisation', () => {
    expect(mayActOn(actor({ role: 'main-manager', quality: '' }), 'delete', subject())).to.equal('yes');
    expect(mayActOn(actor({ role: 'access-manager', quality: '' }), 'delete', subject())).to.equal('unknown');
  });
});
